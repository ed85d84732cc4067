import io
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from benchmark.cli.terminal_table import print_standings
from benchmark.protocol import Protocol
from benchmark.report.merged_cells import CellFile
from benchmark.report.standings import Leaderboard, leaderboard_of_cells, read_leaderboard
from benchmark.report.tables.markdown import (
    escape,
    leaderboard_markdown,
    markdown_table,
    short_markdown,
)
from benchmark.results.cells import Cell, FoldScores, ModuleFacts, TaskFacts
from tests.benchmark.report.results_folders import hit, write_cell, write_failure
from tests.benchmark.results.test_cells import CELL

PITCH = TaskFacts("pitch-v1", "pitch", "pitch_acc")
EVENTS = TaskFacts("events-v1", "event", "event_onset_200ms_fms")
ERRORS = TaskFacts("errors-v1", "event", "segment_1s_er")
SCENES = TaskFacts("scenes-v1", "scene", "top1_acc", "synthetic", 3)
DCASE = TaskFacts("dcase2016_task2-hear2021-full", "event", "event_onset_200ms_fms")
ESC50 = TaskFacts("esc50-v2.0.0-full", "scene", "top1_acc")

# Small results stand for whole tasks of HEAR.
pytestmark = pytest.mark.usefixtures("of_any_size")

OURS = ModuleFacts("ours", "pkg.ours", "", None, "w", "m", 16000, 4_012_345, 1024, 512)
OTHER = ModuleFacts("other", "pkg.other", "", None, "w", "m", 16000, 99_000, 64, 64)
FLOOR = ModuleFacts("logmel", "benchmark.baselines.logmel", "", None, "w", "m", 16000, 0, 64, 64)
STAND_IN = ModuleFacts("panns | ours", "pkg.panns", "", "not official", "w", "m", 16000, 99, 8, 8)
COSTS = "1024 / 512", "20", "700 MB"


def _cell(module: ModuleFacts, task: TaskFacts, *values: float) -> Cell:
    folds = [FoldScores(f"fold{i}", {task.score: value}, 0, 0) for i, value in enumerate(values)]
    return replace(CELL, module=module, task=task, folds=folds, reason=None, task_hash="t")


def _seeds(module: ModuleFacts, task: TaskFacts, *seeds: Sequence[float]) -> list[Cell]:
    cells = [_cell(module, task, *values) for values in seeds]
    return [
        replace(cell, protocol=replace(cell.protocol, seed=42 + index))
        for index, cell in enumerate(cells)
    ]


def _failed(module: ModuleFacts, task: TaskFacts, reason: str) -> Cell:
    return replace(_cell(module, task), reason=reason, cost=None)


def _standings(*cells: Cell) -> Leaderboard:
    """Of cells without predictions, as older versions wrote them."""
    files = [CellFile(Path("absent.json"), cell) for cell in cells]
    return leaderboard_of_cells(files, "Leaderboard: test")


def _rows(markdown: str) -> list[list[str]]:
    """Cells of the table as GitHub splits them: at bars that no backslash takes away."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    split = [re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1] for line in lines]
    return [[cell.strip() for cell in line] for line in split]


def test_score_interval_ranks_and_the_best_group(tmp_path: Path) -> None:
    for module, hits in ((OURS, 90), (OTHER, 88), (FLOOR, 20)):
        write_cell(tmp_path, module, PITCH, hit((hits, 100)))
    markdown = leaderboard_markdown(read_leaderboard([tmp_path]))
    head, rule, *rows = _rows(markdown)
    assert head[:2] == ["", "pitch<br>pitch-v1<br>pitch_acc ↑"]
    assert rule == [":--", *["--:"] * (len(head) - 1)]
    assert [row[0] for row in rows] == ["ours", "other", "logmel"]
    shown = [re.fullmatch(r"(.*)<br>\[(.*), (.*)\]<br>(.*)", row[1]) for row in rows]
    assert [match and match[1] for match in shown] == ["**0.900**", "**0.880**", "0.200"]
    assert [match and match[4] for match in shown] == ["rank 1–2", "rank 1–2", "rank 3"]
    for match, value in zip(shown, (0.9, 0.88, 0.2), strict=True):
        error = math.sqrt(value * (1 - value) / 100)  # of a proportion
        assert match and float(match[2]) == pytest.approx(value - 1.96 * error, abs=0.015)
        assert float(match[3]) == pytest.approx(value + 1.96 * error, abs=0.015)
    assert "differences among bold ones may be chance" in markdown
    assert "normalised" not in markdown  # one task


def test_overall_scores_come_first_with_their_intervals(tmp_path: Path) -> None:
    for module, hits in ((OURS, 90), (FLOOR, 20)):
        write_cell(tmp_path, module, PITCH, hit((hits, 100)))
        write_cell(tmp_path, module, ESC50, hit((hits, 100)), Protocol("default"))
    write_cell(tmp_path, OTHER, PITCH, hit((50, 100)))
    markdown = leaderboard_markdown(read_leaderboard([tmp_path]))
    head, _, *rows = _rows(markdown)
    assert head[1:3] == ["normalised score ↑", "mean rank ↓"]
    # Two rows are always one standard deviation from their mean; no resample turns them round.
    assert rows[0][:3] == ["ours", "1.000<br>[1.000, 1.000]", "1.0<br>[1.0, 1.0]"]
    assert rows[1][:3] == ["logmel", "-1.000<br>[-1.000, -1.000]", "2.0<br>[2.0, 2.0]"]
    assert rows[2][:4] == ["other", "–", "–", "–"]
    assert "- –: not run in these results." in markdown
    assert "over the 2 rows run here" in markdown
    assert "without overall: other." in markdown


def test_tasks_are_grouped_and_without_tests_the_best_is_marked() -> None:
    markdown = leaderboard_markdown(
        _standings(
            _cell(OURS, PITCH, 0.4),
            _cell(OURS, EVENTS, 0.3),
            _cell(OURS, SCENES, 0.8, 0.9, 1.0),
            _cell(FLOOR, PITCH, 0.40001),
            _cell(FLOOR, EVENTS, math.nan),
            _cell(FLOOR, SCENES, 0.1, 0.1, 0.1),
        )
    )
    head, _, ours, floor = _rows(markdown)
    assert head[3:6] == [
        "scene, 3 folds<br>scenes-v1 †<br>top1_acc ↑",
        "event<br>events-v1<br>event_onset_200ms_fms ↑",
        "pitch<br>pitch-v1<br>pitch_acc ↑",
    ]
    assert head[6:] == ["parameters", "embedding size", "audio s / s", "peak memory"]
    # Equal as printed: both are best. A number beside an undefined one has nothing to beat.
    scores = ["**0.900** ± 0.100", "0.300", "**0.400**"]
    assert [ours[0], *ours[3:]] == ["ours", *scores, "4.0 M", *COSTS]
    scores = ["0.100 ± 0.000", "undefined", "**0.400**"]
    assert [floor[0], *floor[3:]] == ["logmel", *scores, "0", "64", *COSTS[1:]]
    assert "- † scenes-v1: synthetic" in markdown
    assert "- Floors, to be beaten: logmel." in markdown
    assert "Without interval" in markdown
    assert "How" not in markdown
    assert "Below a score" not in markdown


def test_why_cells_failed_and_what_rows_are() -> None:
    standings = _standings(
        _cell(STAND_IN, EVENTS, 0.3),
        _failed(STAND_IN, SCENES, "clip a|b.wav\nis damaged"),
        _failed(OURS, EVENTS, "No module"),
        _failed(OURS, SCENES, "No module"),
    )
    markdown = leaderboard_markdown(standings)
    assert r"| panns \| ours | failed (2) | 0.300 |" in markdown
    assert "| ours | failed (1) | failed (1) |  | 1024 / 512 |  |  |" in markdown.replace(
        "4.0 M", ""
    )
    assert r"- (2) panns \| ours: clip a\|b.wav is damaged" in markdown
    assert "- (1) ours: No module" in markdown
    assert r"- panns \| ours: not official" in markdown
    assert {len(row) for row in _rows(markdown)} == {7}
    short = short_markdown(standings)
    assert r"| panns \| ours | failed | 0.300 | 99 | 20 |" in short


def test_embeddings_that_say_little_are_noted() -> None:
    half, few = {"equal": 0.5, "constant": 0.6}, {"equal": 0.04, "tiny": 0.01}
    cells = [
        replace(_cell(OURS, PITCH, 0.5), degenerate=half),
        replace(_cell(OURS, EVENTS, 0.5), degenerate=half),
        replace(_cell(OURS, ERRORS, 0.5), degenerate={"huge": 1.0, "constant": 0.95}),
        *(replace(_cell(OTHER, task, 0.5), degenerate=few) for task in (PITCH, EVENTS, ERRORS)),
    ]
    text = leaderboard_markdown(_standings(*cells))
    (line,) = [line for line in text.splitlines() if "embeddings that say little" in line]
    assert re.search(r"in (pitch-v1, events|events-v1, pitch)-v1, 50 % of the clips have the", line)
    assert "100 % of the clips have values above 1e+17" in line
    assert "95 % of an embedding's numbers are the same in every clip" in line
    assert "60 %" not in line


def test_error_rates_are_best_when_low() -> None:
    cells = [_cell(OURS, ERRORS, 0.9), _cell(FLOOR, ERRORS, 1.0)]
    markdown = leaderboard_markdown(_standings(*cells))
    assert "segment_1s_er ↓" in markdown
    assert "| ours | **0.900** | 4.0 M |" in markdown
    assert "| logmel | 1.000 | 0 |" in markdown


def test_the_protocol_and_the_commands_are_named() -> None:
    cell = replace(CELL, protocol=Protocol("default", 7, "exact", "strict", 4), command="x --y")
    markdown = leaderboard_markdown(_standings(cell))
    assert "Made by `x --y`." in markdown
    sentence = next(line for line in markdown.splitlines() if line.startswith("HEAR downstream"))
    assert "version 2" in sentence
    assert "grid `default` (HEAR's published protocol), 4 grid points" in sentence
    assert "mode `exact` (hear-eval-kit's arithmetic)" in sentence
    assert "rules `strict` (upstream's faults corrected" in sentence
    assert "seed 7." in sentence
    assert "float" not in sentence
    half = replace(cell, embedding_dtype="float16", protocol=Protocol("fast", 7, "fast"))
    markdown = leaderboard_markdown(_standings(half))
    assert "mode `fast` (" in markdown
    assert "rules `published` (" in markdown
    assert "float16 embeddings" in markdown


def test_plus_minus_is_over_folds_or_over_seeds_and_says_so() -> None:
    markdown = leaderboard_markdown(
        _standings(
            *_seeds(OURS, SCENES, (0.1, 0.3, 0.8), (0.3, 0.5, 0.4)),  # folds: 0.2, 0.4, 0.6
            *_seeds(OURS, PITCH, (0.5,), (0.7,)),  # 0.1 from the mean, each: 0.02 ** 0.5
        )
    )
    (_, _, ours) = _rows(markdown)
    assert ours[3:5] == ["0.400 ± 0.200", "0.600 ± 0.141"]  # alone, so not bold
    assert "seeds 42, 43." in markdown
    assert (
        "- Scores of tasks with folds are means over folds and 2 seeds, ± the standard deviation "
        "over folds of the means over seeds." in markdown
    )
    assert (
        "- Scores of tasks without folds are means over 2 seeds of the heads, ± the standard "
        "deviation over seeds" in markdown
    )


def test_one_seed_says_nothing_of_seeds() -> None:
    standings = _standings(_cell(OURS, SCENES, 0.1, 0.3, 0.8), _cell(OURS, PITCH, 0.5))
    markdown = leaderboard_markdown(standings)
    assert "seeds" not in markdown
    assert "are means, ± the standard deviation over folds." in markdown


def test_a_grid_of_the_tasks_own_is_named() -> None:
    own = replace(PITCH, own_grid="batch_size, max_epochs")
    notes = leaderboard_markdown(_standings(_cell(OURS, own, 0.4)))
    assert "- pitch-v1: the task's own metadata sets batch_size, max_epochs of the heads" in notes


def test_published_rows_are_marked_and_their_zeros_explained(tmp_path: Path) -> None:
    write_cell(tmp_path, OURS, DCASE, hit((90, 100)), Protocol("default"))
    path = tmp_path / "cells"
    for file in path.glob("*.npz"):
        file.unlink()
    markdown = leaderboard_markdown(read_leaderboard([tmp_path]))
    rows = _rows(markdown)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[2][0] == "ours"
    published = {row[0]: row[1] for row in rows[3:]}
    assert len(published) == 33
    assert all(name.endswith(" (published)") for name in published)
    numbers = [float(score.split()[0].strip("*")) for score in published.values()]
    assert numbers == sorted(numbers, reverse=True)
    assert [score for score in published.values() if "**" in score] == [f"**{max(numbers):.3f}**"]
    assert "**" not in rows[2][1]  # a published score is higher
    panns = re.fullmatch(r"0\.000 \((\d)\)", published["CVSSP PANNS (published)"])
    assert panns
    assert f"- ({panns[1]}) CVSSP PANNS (published): The submission gave timestamps" in markdown
    assert "copied from the public HEAR leaderboard" in markdown
    assert "published" not in short_markdown(read_leaderboard([tmp_path]))


def test_the_short_table_has_scores_and_ranks(tmp_path: Path) -> None:
    for module, hits in ((OURS, 90), (OTHER, 88), (FLOOR, 20)):
        write_cell(tmp_path, module, PITCH, hit((hits, 100)))
        write_cell(tmp_path, module, SCENES, hit((hits, 100)))
    standings = read_leaderboard([tmp_path])
    head, _, ours, other, floor = _rows(short_markdown(standings))
    assert head[3:] == ["normalised score", "parameters", "audio s / s"]
    assert ours == ["ours", "**0.900** (1–2)", "**0.900** (1–2)", "0.74", "4.0 M", "20"]
    assert other[1:4] == ["**0.880** (1–2)", "**0.880** (1–2)", "0.68"]
    assert floor[1:4] == ["0.200 (3)", "0.200 (3)", "-1.00"]


def test_the_terminals_table_has_ranks_and_names_the_protocol(tmp_path: Path) -> None:
    strict = Protocol("faster", 42, "exact", "strict")
    for module, hits in ((OURS, 90), (OTHER, 88), (FLOOR, 20)):
        write_cell(tmp_path, module, PITCH, hit((hits, 100)), strict)
    write_failure(tmp_path, STAND_IN, PITCH, "broke", strict)
    console = Console(width=200, record=True, file=io.StringIO())
    print_standings(console, read_leaderboard([tmp_path]))
    shown = console.export_text()
    assert "grid faster, mode exact, strict rules, seed 42" in shown
    assert "0.900 (1–2)" in shown
    assert "0.200 (3)" in shown
    assert "failed" in shown
    assert "none of these rows is significantly better" in shown


@pytest.mark.parametrize(("width", "form"), [(200, "whole"), (90, "turned"), (65, "short")])
def test_the_terminals_table_keeps_names_and_numbers_whole(
    tmp_path: Path, width: int, form: str
) -> None:
    tasks = [replace(SCENES, task=f"a_rather_long_name_{i}-v1") for i in range(4)]
    for module, hits in ((OURS, 90), (OTHER, 88), (FLOOR, 20)):
        for task in tasks:
            write_cell(tmp_path, module, task, hit((hits, 100)))
    console = Console(width=width, record=True, file=io.StringIO())
    print_standings(console, read_leaderboard([tmp_path]))
    shown = console.export_text()
    assert "…" not in shown
    assert ("A row is a task" in shown) == (form == "turned")
    assert ("they are in leaderboard.md" in shown) == (form == "short")
    if form == "short":
        ours, floor = (next(x for x in shown.split("\n") if name in x) for name in ("ours", "logm"))
        assert "4 of 4" in ours and "0 of 4" in floor
        assert "a_rather_long_name_0-v1: " in ours
    else:
        assert shown.count("0.900 (1–2)") == shown.count("0.200 (3)") == 4


def test_text_stays_in_its_cell() -> None:
    assert escape("a | b\nc\\|d <b>") == r"a \| b c\\\|d &lt;b>"
    with pytest.raises(ValueError, match="2 columns"):
        markdown_table(["", "x"], [["only one"]])


def test_an_independent_parser_finds_the_table(tmp_path: Path) -> None:
    """markdown-it, which rich installs, reads tables as GitHub does."""
    strange = replace(STAND_IN, label="a \\| b\\", checkpoint="<script>|")
    for module, hits in ((OURS, 90), (strange, 88), (FLOOR, 20)):
        write_cell(tmp_path, module, ESC50, hit((hits, 100)), Protocol("default"))
    write_failure(tmp_path, OTHER, ESC50, "clip a|b.wav | is <b>bad</b>", Protocol("default"))
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for markdown in (leaderboard_markdown, short_markdown):
        tokens = parser.parse(markdown(read_leaderboard([tmp_path])))
        kinds = [token.type for token in tokens]
        rows = " ".join(kinds).split("tr_open")[1:]
        assert len(rows) == 1 + 4 + (34 if markdown is leaderboard_markdown else 0)
        columns = {row.count("td_open") + row.count("th_open") for row in rows}
        assert len(columns) == 1
        cells = [token.content for token in tokens if token.type == "inline"]
        plain = [parser.renderInline(cell) for cell in cells]
        assert "a \\| b\\" in plain
        if markdown is leaderboard_markdown:
            assert "(1) other: clip a|b.wav | is &lt;b&gt;bad&lt;/b&gt;" in plain
