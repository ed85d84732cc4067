"""Tables over training seeds: which rows make a group, what is written, what a folder keeps."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from scipy import stats

from benchmark.api import load_results
from benchmark.cli import main
from benchmark.report.seed_groups import (
    OVERALL,
    WantedGroups,
    keep_groups,
    kept_groups,
    rows_of_groups,
)
from benchmark.report.standings import read_leaderboard
from benchmark.report.tables.over_seeds import (
    PAIR_COLUMNS,
    SCORE_COLUMNS,
    over_seeds_markdown,
    seed_pairs_csv,
    seeds_csv,
)
from benchmark.results.cells import ModuleFacts, TaskFacts
from tests import ROOT
from tests.benchmark.report.parsed_page import parsed
from tests.benchmark.report.results_folders import (
    OURS,
    PITCH,
    SCENES,
    hit,
    write_cell,
    write_failure,
)

HITS = {"multi-0": 88, "multi-1": 90, "multi-2": 92, "cola-0": 60, "cola-1": 61, "panns": 75}
GROUPS = {"multi": ["multi-*"], "cola": ["cola-0", "cola-1"], "other": ["panns"]}
EVENTS = TaskFacts("events-v1", "scene", "d_prime")


def row(label: str, weights: str = "") -> ModuleFacts:
    return replace(OURS, label=label, checkpoint=label, weights_hash=weights or label)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for task, more in ((SCENES, 0), (PITCH, 4)):
        for label, hits in HITS.items():
            write_cell(tmp_path / "seeds", row(label), task, hit((hits + more, 100)))
    return tmp_path / "seeds"


def _msbench(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def _groups(groups: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        part for name, rows in groups.items() for part in ("--group", f"{name}={','.join(rows)}")
    ]


def _table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_labels_and_patterns_name_rows() -> None:
    rows = [row("multi-0"), row("multi-1"), row("m[1]"), row("cola")]
    found = rows_of_groups({"a": ["multi-*", "multi-1"], "b": ["m[1]"]}, rows)
    assert {name: [m.label for m in of] for name, of in found.items()} == {
        "a": ["multi-0", "multi-1"],
        "b": ["m[1]"],
    }


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        (
            {"a": ["multi-7"]},
            "group a: no row is called 'multi-7'; there are: multi-0, multi-1, same",
        ),
        ({"a": ["multi-*"], "b": ["multi-1"]}, "the row 'multi-1' is in two groups, a and b"),
        ({"a": ["multi-1", "same"]}, "group a: 'multi-1' and 'same' have the same weights"),
    ],
)
def test_groups_that_do_not_fit_are_refused(groups: dict[str, list[str]], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rows_of_groups(groups, [row("multi-0"), row("multi-1"), row("same", "multi-1")])


def test_means_deviations_and_the_mean_over_tasks(folder: Path) -> None:
    found = load_results(folder, groups=GROUPS).over_seeds
    assert found is not None
    scenes, pitch, overall = found.tasks
    score = scenes.of("multi")
    assert score is not None
    assert (score.rows, score.mean) == (("multi-0", "multi-1", "multi-2"), pytest.approx(0.9))
    assert score.spread == pytest.approx(0.02)
    # Clips are hit in the same order by all rows, so their noise is almost all in common.
    half = np.hypot(stats.t(2).isf(0.025) * 0.02 / np.sqrt(3), 1.96 * np.sqrt(0.9 * 0.1 / 100))
    assert score.interval == pytest.approx((0.9 - half, 0.9 + half), abs=0.01)
    assert (overall.name, pitch.name) == (OVERALL, PITCH.task)
    assert [s.mean for s in overall.scores] == pytest.approx([0.92, 0.625, 0.77])
    pair = overall.between("multi", "cola")
    assert pair is not None
    assert (pair.value, pair.verdict) == (pytest.approx(0.295), "above")
    assert [caution.split(":")[0] for caution in found.cautions] == ["other"]


def test_intervals_of_shares_end_at_one(tmp_path: Path) -> None:
    for label, hits in (("a-0", 99), ("a-1", 90)):
        write_cell(tmp_path, row(label), SCENES, hit((hits, 100)))
    found = load_results(tmp_path, groups={"a": ["a-*"]}).over_seeds
    assert found is not None
    assert found.tasks[0].scores[0].interval.high == 1.0


def test_rows_and_tasks_that_are_missing_are_named(folder: Path) -> None:
    write_failure(folder, row("multi-3"), SCENES, "broke")
    found = read_leaderboard([folder], groups=WantedGroups(GROUPS)).over_seeds
    assert found is not None
    assert [text for text in found.cautions if "multi" in text] == [
        "multi, scenes-v1: without multi-3, which has no score.",
        "multi, pitch-v1: without multi-3, which has no score.",
        "multi, mean over tasks: without multi-3, which has no score.",
    ]


def test_the_report_writes_the_tables_and_keeps_the_groups(folder: Path) -> None:
    result = _msbench("report", folder, *_groups(GROUPS))
    assert result.exit_code == 0, result.output
    assert "0.900 ± 0.020" in result.output
    names = ("leaderboard_seeds.csv", "leaderboard_seed_pairs.csv", "leaderboard.md")
    written = {name: (folder / name).read_text() for name in names}
    first = _table(written["leaderboard_seeds.csv"])[0]
    assert (first["group"], first["encoders"]) == ("multi", "3")
    assert first["rows"] == "multi-0; multi-1; multi-2"
    pairs = _table(written["leaderboard_seed_pairs.csv"])
    assert [(p["a"], p["b"], p["encoders_b"]) for p in pairs[:3]] == [
        ("multi", "cola", "2"),
        ("multi", "other", "1"),
        ("cola", "other", "1"),
    ]
    page = parsed((folder / "leaderboard.html").read_text())
    (section,) = page.all("section", **{"aria-labelledby": "over-seeds"})
    better = [cell.words for cell in section.all("td", class_="better")]
    assert len(better) == sum(row["verdict"] == "above" for row in pairs) > 0
    assert all("above, p " in words for words in better)
    assert kept_groups(folder) == WantedGroups(GROUPS, kept=True)
    again = _msbench("report", folder)
    assert again.exit_code == 0, again.output
    assert {name: (folder / name).read_text() for name in names} == written


def test_kept_groups_that_no_longer_fit_are_said_and_stop_nothing(folder: Path) -> None:
    keep_groups(folder, {"gone": ["gone-*"]})
    result = _msbench("report", folder)
    assert result.exit_code == 0, result.output
    assert "No table over training seeds (groups.yaml): group gone" in result.output
    assert "gone" in (folder / "leaderboard.md").read_text()
    (folder / "groups.yaml").write_text("multi: multi-0\n")
    result = _msbench("report", folder)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "multi must be a list of row labels" in result.output


def test_a_wrong_group_is_one_line_and_writes_nothing(folder: Path) -> None:
    result = _msbench("report", folder, "--group", "multi=multy-*")
    assert result.exit_code == 2
    assert result.output.startswith("Error: group multi: no row is called 'multy-*'; there are: ")
    assert not (folder / "groups.yaml").exists()
    assert "is no group: name it and its rows" in _msbench("report", folder, "--group", "a").output


def test_every_column_is_documented(folder: Path) -> None:
    found = load_results(folder, groups=GROUPS).over_seeds
    assert found is not None
    text = (ROOT / "results" / "README.md").read_text()
    for name, columns, table in (
        ("leaderboard_seeds.csv", SCORE_COLUMNS, seeds_csv(found)),
        ("leaderboard_seed_pairs.csv", PAIR_COLUMNS, seed_pairs_csv(found)),
    ):
        assert list(_table(table)[0]) == list(columns)
        documented = text.split(f"## Columns of `{name}`")[1].split("## Columns of")[0]
        for column, meaning in columns.items():
            assert f"| `{column}` | {meaning} |" in documented


def test_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    evil = "<b>|x\x1b[31m"
    for seed in range(2):
        write_cell(tmp_path, row(f"{evil}{seed}"), SCENES, hit((50 + seed, 100)))
    found = load_results(tmp_path, groups={"a|<i>\n": [f"{evil}0", f"{evil}1"]}).over_seeds
    assert found is not None
    markdown = over_seeds_markdown(found)
    assert "<b>" not in markdown and "<i>" not in markdown and "\x1b" not in markdown
    assert all(line.count("|") - line.count("\\|") in (0, 3) for line in markdown.splitlines())
