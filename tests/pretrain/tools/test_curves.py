from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pretrain.cli import main
from pretrain.data.corpus import Corpus
from pretrain.recipe import Recipe
from pretrain.tools.curves import PANELS, curves_figure, read_log
from pretrain.train import train

HEAD = f"step,{','.join(PANELS)}"


def run_of(folder: Path, rows: str) -> Path:
    folder.mkdir()
    (folder / "metrics.csv").write_text(f"{HEAD}\n{rows}", encoding="utf-8")
    return folder


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["curves", *map(str, arguments)])


def test_strategies_that_are_off_have_no_line_and_first_steps_are_left_out(tmp_path: Path) -> None:
    cola = run_of(tmp_path / "cola", "1,9,0,0,0.1,0,0\n10,2,0,0,0.5,0,0\n20,1,0,0,0.8,0,0\n")
    multi = run_of(tmp_path / "multi", "10,3,4,5,0.5,0.6,-0.1\n20,2,3,4,0.7,0.8,0.2\n")
    figure = curves_figure({"cola": read_log(cola), "multi": read_log(multi)})
    drawn = [
        [list(line.get_xydata()) for line in panel.lines if len(line.get_xydata())]
        for panel in figure.axes
    ]
    assert [len(lines) for lines in drawn] == [2, 1, 1, 2, 1, 1]
    assert [tuple(point) for point in drawn[0][0]] == [(10, 2), (20, 1)]
    assert [tuple(point) for point in drawn[2][0]] == [(10, 1), (20, 0.8)]  # pitch, of the start


@pytest.mark.usefixtures("few_statistics")
def test_real_runs_become_a_picture_and_logs(
    tiny_recipe: Recipe, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    train(tiny_recipe, tiny_corpus, tmp_path / "run", "cpu", resume=False)
    result = call(tmp_path / "run", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "curves.png").read_bytes().startswith(b"\x89PNG")
    log = (tmp_path / "run" / "metrics.csv").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "run.csv").read_text(encoding="utf-8") == log


def test_what_is_no_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    fine = run_of(tmp_path / "fine", "10,3,4,5,0.5,0.6,-0.1\n")
    other = run_of(tmp_path / "other", "10,three,4,5,0.5,0.6,-0.1\n")
    short = run_of(tmp_path / "short", "")
    for runs, sentence in [
        ((fine, tmp_path / "empty"), "empty is no run folder"),
        ((fine, other), "other/metrics.csv: not a log"),
        ((fine, short), "short/metrics.csv: not a log"),
        ((fine, fine), "the same name"),
    ]:
        result = call(*runs, "--out", tmp_path / "out")
        assert result.exit_code == 1 and sentence in result.output
        assert not (tmp_path / "out").exists()
