"""Options of ``msbench run`` for a first look: limit, labels, dry run, quiet, log, config."""

import re
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from benchmark.cli import main
from benchmark.cli.config_file import defaults_of
from benchmark.cli.run import run
from benchmark.report.standings import read_leaderboard
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task


@pytest.fixture
def tasks_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    write_scene_task(tmp_path / "tasks", clips=8)
    return tmp_path / "tasks"


def _run(tasks_dir: Path, *arguments: object) -> Result:
    words = ["run", "--no-floor", "--tasks-dir", tasks_dir, "--grid", "faster", *arguments]
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_limit_is_in_the_protocol_and_said_in_every_table(tasks_dir: Path, modules: Path) -> None:
    write_event_task(tasks_dir, clips=3)
    name = write_module(modules)
    result = _run(tasks_dir, name, "--limit", 2)
    assert result.exit_code == 0, result.output
    out = modules / "results" / "runs" / "tasks-limit2"  # beside the results of all clips
    assert "at most 2 clips of each split" in result.output
    for table in ("leaderboard.md", "leaderboard_short.md", "leaderboard.html"):
        assert "at most 2 clips" in (out / table).read_text("utf-8"), table
    for table in ("leaderboard.csv", "leaderboard_long.csv", "scores.csv"):
        assert set(pd.read_csv(out / table)["limit"]) == {2}, table
    assert set(pd.read_csv(out / "scores.csv").clips) == {6}  # in three splits, of both tasks

    assert _run(tasks_dir, name).exit_code == 0
    everything = modules / "results" / "runs" / "tasks"
    assert pd.read_csv(everything / "scores.csv")["limit"].isna().all()
    with pytest.raises(ValueError, match=r"different protocols .*limit (2|None) and (2|None)"):
        read_leaderboard([out, everything])


def test_embeddings_are_shared_where_the_limit_leaves_all_clips(
    tasks_dir: Path, modules: Path
) -> None:
    name = write_module(modules)
    assert "embedding cached" not in _run(tasks_dir, name).output
    assert "embedding cached" in _run(tasks_dir, name, "--limit", 8).output
    assert "embedding cached" not in _run(tasks_dir, name, "--limit", 4).output


def test_labels_name_rows(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules)
    result = _run(tasks_dir, f"Old one:={name}", f"New:={name}=a:=b.pt", name + "=x")
    assert result.exit_code == 0, result.output
    table = pd.read_csv(modules / "results" / "runs" / "tasks" / "leaderboard.csv")
    assert sorted(table.label) == ["New", "Old one", f"{name}=x"]
    assert set(table.checkpoint.fillna("")) == {"", "x", "a:=b.pt"}
    # The same cells under another label are not made again.
    again = _run(tasks_dir, f"Renamed:={name}")
    assert "Renamed" in again.output
    assert "finished earlier" in again.output


@pytest.mark.parametrize(
    ("modules_given", "sentence"),
    [
        (["A:=msssl_hear", "A:=msssl_hear=x.pt"], "Two rows have the label 'A'"),
        (["A:=msssl_hear", "B:=msssl_hear"], "has two labels, 'A' and 'B'"),
        ([":=msssl_hear"], "must have 1 to 60 printable characters"),
        (["\x1b[31m:=msssl_hear"], "must have 1 to 60 printable characters"),
        (["a" * 61 + ":=msssl_hear"], "must have 1 to 60 printable characters"),
        (["A:=no_such_module"], "No module named 'no_such_module'"),
    ],
)
def test_bad_labels(tasks_dir: Path, modules_given: list[str], sentence: str) -> None:
    result = _run(tasks_dir, *modules_given)
    assert (result.exit_code, sentence in result.output) == (2, True), result.output


def test_a_dry_run_does_nothing_and_says_what_would_be_done(tasks_dir: Path, modules: Path) -> None:
    write_event_task(tasks_dir)
    name = write_module(modules)
    result = _run(tasks_dir, name, "--dry-run", "--limit", 4)
    assert result.exit_code == 0, result.output
    # 12 clips of 0.1 s with 4 floats each; 3 splits of events of 2 + 3 s; 8 grid points each.
    assert re.search(
        r"tiny-v1-full .* 12 .* 1 s .* 1 s .* 192 B .* 0 of 1 .* 8 heads", result.output
    )
    assert re.search(r"tinyevents-v1-full .* 6 .* 15 s .* 15 s .* – .* 8 heads", result.output)
    assert "train 16 heads. Nothing of it was done." in result.output
    cache = tasks_dir.parent / "cache"
    assert not (modules / "results").exists()
    assert not cache.exists() or not list(cache.rglob("*.npy"))

    assert _run(tasks_dir, name, "--tasks", "tiny").exit_code == 0
    again = _run(tasks_dir, name, "--dry-run", "--seeds", 2)
    assert re.search(r"tiny-v1-full .* cached .* 1 of 2 .* 8 heads", again.output)


def test_a_dry_run_names_what_would_fail(tasks_dir: Path, modules: Path) -> None:
    (tasks_dir / "broken").mkdir()
    name = write_module(modules)
    result = _run(tasks_dir, name, "--dry-run")
    assert result.exit_code == 1
    assert f"{name} on broken fails: " in result.output


def test_quiet_shows_what_fails_alone(tasks_dir: Path, modules: Path) -> None:
    result = _run(tasks_dir, write_module(modules), "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    name = write_module(modules, scene="raise OSError('gone')")
    result = _run(tasks_dir, name, "-q")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(name)
    assert "gone" in line


def test_the_log_has_all_lines_and_the_table(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules)
    for out in ("a", "b"):
        result = _run(tasks_dir, name, "--quiet", "--log", "logs/run.txt", "--out", out)
        assert result.exit_code == 0, result.output
    text = (modules / "logs" / "run.txt").read_text("utf-8")
    assert len(re.findall(r"(?m)^\d{4}-\d\d-\d\dT[\d:]{8}\+00:00 msbench ", text)) == 2
    assert len(re.findall(rf"(?m)^\S+ {name} +tiny-v1-full +top1_acc 1.000", text)) == 2
    assert "Written: a/leaderboard.md" in text


def test_options_from_a_file(tasks_dir: Path, modules: Path) -> None:
    name = write_module(modules)
    Path("run.yaml").write_text(
        f"modules: [{name}]\ntasks-dir: {tasks_dir}\ngrid: faster\nfloor: false\nlimit: 4\n"
        "baselines: [logmel]\nout: from_file\nseeds: 2\n"
    )
    words = ["run", "--config", "run.yaml", "--seeds", "1"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    table = pd.read_csv("from_file/leaderboard.csv")
    assert sorted(table.label) == [name, "logmel"]
    assert set(table["limit"]) == {4}
    assert set(table.seeds) == {42}  # the command line wins
    assert (
        "finished earlier"
        in CliRunner().invoke(main, [*words, "--limit", "5", "--limit", "4"]).output
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("grit: faster", "'grit' is no option; it may be one of modules, baselines, floor"),
        ("config: other.yaml", "'config' is no option"),
        ("tasks_dir: x", "'tasks_dir' is no option"),
        ("limit: {a: 1}", "limit must be a value or a list of values"),
        ("seeds:", "seeds must be a value"),
        ("floor: 3", "floor must be true or false"),
        ("limit: true", "limit must be a value, not true or false"),
        ("limit: many", "'many' is not a valid integer"),
        ("limit: 0", "0 is not in the range x>=1"),
        ("grid: huge", "'huge' is not one of 'default', 'fast', 'faster'"),
        ("baselines: [[cola]]", "baselines must be a list of names or numbers"),
        ("a: &a [1]\nb: *a", "may not use YAML aliases"),
        ("- grid", "is a table of names and values"),
        ("grid: [", "not YAML"),
        ("a: " + "[" * 100000, "more than 20 lists or tables in one another"),
        ("#" * 2_000_000, "2000000 bytes"),
    ],
)
def test_a_bad_file_of_options(modules: Path, text: str, sentence: str) -> None:
    Path("run.yaml").write_text(text)
    result = CliRunner().invoke(main, ["run", "--config", "run.yaml"])
    assert result.exit_code == 2
    assert sentence in result.output, result.output
    assert "Traceback" not in result.output


def test_a_file_may_have_every_option_but_its_own(modules: Path) -> None:
    keys = {
        long.removeprefix("--")
        for parameter in run.params
        if isinstance(parameter, click.Option)
        for long in parameter.opts
        if long.startswith("--")
    }
    assert len(keys) > 20
    for key in keys - {"config"}:
        path = Path("every.yaml")
        switch = next(p for p in run.params if f"--{key}" in p.opts)
        value = "true" if isinstance(switch, click.Option) and switch.is_flag else "1"
        path.write_text(f"{key}: {value}")
        assert len(defaults_of(run, path)) == 1
        path.unlink()
