"""The page as parsed HTML: what it shows, that it is sound, and that names stay names."""

import base64
import hashlib
import json
import math
import re
from dataclasses import replace

import pytest

from benchmark.report.page.page import leaderboard_html
from benchmark.report.standings import Leaderboard, Standing
from benchmark.results.cells import FoldScores, ModuleFacts
from benchmark.results.leaderboard import NOT_RUN, Entry
from benchmark.statistics import Interval
from msssl_common.messages import printable
from tests.benchmark.report.demo import (
    REASON,
    TASKS,
    demo_standings,
    empty_standings,
    failed_demo,
    part_of_demo,
    renamed_demo,
)
from tests.benchmark.report.parsed_page import Element, parsed

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</script><!-- <style>",
    "{{ 7 * 7 }} &lt; &amp;",
    "\N{RIGHT-TO-LEFT OVERRIDE}ünï \N{MUSICAL SYMBOL G CLEF} العربية",
    "x" * 300,
    "`<b>` & `",
]


@pytest.fixture(scope="module")
def demo() -> Leaderboard:
    return demo_standings()


@pytest.fixture(scope="module")
def page(demo: Leaderboard) -> Element:
    return parsed(leaderboard_html(demo))


def _check_sound(page: Element) -> None:
    """Ids are unique, references lead somewhere, controls have names, tables are full."""
    ids = [element["id"] for element in page.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in page.all():
        for name in ("aria-labelledby", "aria-describedby"):
            assert not element.attributes.get(name) or element[name] in ids
        if (element.attributes.get("href") or "").startswith("#"):
            assert element["href"][1:] in ids
        assert not any(name.startswith("on") for name in element.attributes)
        assert not {"style", "src"} & set(element.attributes)
    for control in [*page.all("input"), *page.all("select")]:
        assert control.parent and control.parent.tag == "label" and control.parent.words
    for table in page.all("table"):
        width = len(table.one("thead").all("tr")[-1].all("th"))
        for row in table.one("tbody").all("tr"):
            assert len(row.all("th")) + len(row.all("td")) == width
    assert [script.attributes for script in page.all("script")] == [
        {"type": "application/json", "id": "data"},
        {},
    ]


def _row(page: Element, name: str) -> Element:
    rows = page.one("table", id="board").one("tbody").all("tr")
    return next(row for row in rows if row.all("bdi")[0].text == name)


def _column(page: Element, title: str) -> int:
    """Number of a column, from 0 for the first after the names."""
    heads = [head.words for head in page.one("table", id="board").all("span", class_="title")]
    return [head.rstrip("†") for head in heads].index(title) - 1


def _cell(page: Element, name: str, title: str) -> Element:
    return _row(page, name).all("td")[_column(page, title)]


def test_the_page_is_sound_and_sorted_by_the_overall_score(
    demo: Leaderboard, page: Element
) -> None:
    _check_sound(page)
    board = page.one("table", id="board")
    heads = [head.words for head in board.all("span", class_="title")]
    assert heads[:3] == ["model", "normalised score", "mean rank"]
    assert heads[3:7] == [f"{task.task}{'†' if task.notice else ''}" for task in TASKS]
    assert heads[7:] == ["parameters", "embedding size", "speed", "peak memory"]
    (sorted_head,) = [head for head in board.all("th") if "aria-sort" in head.attributes]
    assert sorted_head["aria-sort"] == "descending"
    assert sorted_head.one("span", class_="title").words == "normalised score"
    rows = [row.all("bdi")[0].text for row in board.one("tbody").all("tr")]
    assert rows[:4] == [overall.model for overall in demo.overall]
    assert rows[4] == "random"  # without overall score
    groups = {head.words: head["colspan"] for head in board.all("th", class_="group")}
    assert groups == {
        "Overall": "2",
        "Scene tasks": "2",
        "Event tasks": "1",
        "Pitch tasks": "1",
        "Cost": "4",
    }


def test_a_score_stands_with_its_interval_its_ranks_and_on_its_columns_scale(
    demo: Leaderboard, page: Element
) -> None:
    task = TASKS[2].task
    standing = demo.standings["multi", task]
    ranks = demo.ranks[task]["multi"]
    assert standing.interval and standing.entry.primary
    low, high = standing.interval
    cell = _cell(page, "multi", task)
    assert cell.one("span", class_="number").words == f"{standing.entry.primary:.3f}"
    assert cell.one("span", class_="interval").words == f"95 % interval {low:.3f} – {high:.3f}"
    assert cell.one("span", class_="rank").words == f"rank {ranks}"
    scale = page.one("table", id="board").all("span", class_="scale")[_column(page, task)]
    start, end = (float(part.words) for part in scale.all("span"))
    assert float(cell.one("circle")["cx"]) == pytest.approx(
        100 * (standing.entry.primary - start) / (end - start), abs=0.01
    )
    drawn = re.fullmatch(r"M([\d.]+) 6H([\d.]+)", cell.one("path", class_="range")["d"])
    assert drawn
    bounds = [100 * (bound - start) / (end - start) for bound in (low, high)]
    assert [float(number) for number in drawn.groups()] == pytest.approx(bounds, abs=0.01)
    first = ranks.first == 1
    assert bool(cell.all("span", class_="best")) == first
    assert bool(cell.all("span", class_="top")) == first


def test_costs_and_overall_scores_are_there(demo: Leaderboard, page: Element) -> None:
    assert _cell(page, "multi", "parameters").words == "4.5 M"
    assert _cell(page, "multi", "embedding size").words == "1024 / 512"
    assert _cell(page, "logmel", "speed").words == "1,328"
    assert _cell(page, "multi", "peak memory").words == "700 MB"
    overall = demo.overall_of("logmel")
    assert overall and overall.normalised < 0
    cell = _cell(page, "logmel", "normalised score")
    assert cell.one("span", class_="number").words == f"−{-overall.normalised:.3f}"
    assert _cell(page, "logmel", "mean rank").one("circle")
    assert _cell(page, "random", "mean rank").words == "–"


def test_a_failed_cell_leads_to_its_reason(page: Element) -> None:
    link = _cell(page, "random", TASKS[2].task).one("a", class_="failed")
    assert link.words == "failed"
    item = page.one("li", id=link["href"][1:])
    assert item.words == f"random on {TASKS[2].task}: {REASON}"
    assert item.parent and item.parent.tag == "ol"


def test_published_rows_are_marked_and_their_slips_explained(page: Element) -> None:
    row = _row(page, "CVSSP PANNS")
    assert "published" in row["class"].split()
    assert row.one("span", class_="tag").words == "published, HEAR 2021"
    assert row.one("th").one("a")["href"].startswith("https://")
    cell = _cell(page, "CVSSP PANNS", TASKS[2].task)
    assert cell.one("span", class_="number").words.startswith("0.000")
    assert not cell.all("svg")
    note = page.one("li", id=cell.one("a")["href"][1:])
    assert "timestamps in seconds where HEAR wants milliseconds" in note.words
    esc50 = _cell(page, "CVSSP PANNS", TASKS[0].task)
    assert esc50.words == "0.909rank 2"  # behind PaSST, ahead of all rows run here
    assert esc50.one("circle", class_="alone")
    assert page.one("input", id="published")


def test_pairs_show_the_tests(demo: Leaderboard, page: Element) -> None:
    task = TASKS[0]
    tests = demo.comparisons[task.task]
    details = next(d for d in page.all("details") if task.task in d.all("summary")[0].words)
    count = int(tests.better.sum())
    assert f"{count} of 10 pairs differ" in details.one("summary").words
    names = [row.one("bdi").text for row in details.one("tbody").all("tr")]
    scores = [demo.standings[name, task.task].entry.primary or 0 for name in names]
    assert scores == sorted(scores, reverse=True)
    for name, row in zip(names, details.one("tbody").all("tr"), strict=True):
        for other, cell in zip(names, row.all("td")[1:], strict=True):
            a, b = tests.models.index(name), tests.models.index(other)
            if a == b:
                assert cell.words == ""
                continue
            sign = "▲ better" if tests.better[a, b] else "▼ worse"
            sign = sign if tests.better[a, b] or tests.better[b, a] else "≈ not told apart"
            p = tests.adjusted[a, b]
            assert cell.words == f"{sign} {'<0.001' if p < 0.001 else f'{p:.3f}'}"
    groups = [group.words for group in details.all("span", class_="tie")]
    assert groups[0].startswith("1 ")
    assert sum(len(group.all("bdi")) for group in details.all("span", class_="tie")) == 5


def test_what_must_be_said_is_said(demo: Leaderboard, page: Element) -> None:
    assert page.one("ul", class_="cautions").words == demo.cautions[0].replace("`", "")
    assert page.one("ul", class_="cautions").one("code").words == "results/README.md"
    notes = [item.words for item in page.all("li")]
    assert f"† {TASKS[1].task}: made from FSDD, 6 speakers" in notes
    assert "Floors, to be beaten: logmel, random." in notes
    facts = dict(
        zip((e.words for e in page.all("dt")), (e.words for e in page.all("dd")), strict=True)
    )
    assert facts["Grid"] == "default (HEAR's published protocol), at most 8 points"
    assert facts["Mode"].startswith("exact (")
    assert facts["Rules"].startswith("published (")
    assert facts["Seeds of the heads"] == "42"
    assert facts["Made on"] == "x86_64 Linux, 2 cores, AMD EPYC"
    assert page.one("pre").words == demo.commands[0]
    provenance = page.one("table", class_="provenance")
    assert "torch 2.13.0" in provenance.words and "c3c3c3c3c3c3c3c3" in provenance.words


def test_what_a_link_shows_says_who_leads(demo: Leaderboard, page: Element) -> None:
    text = page.one("meta", name="description")["content"]
    assert text.startswith("Scene tasks: multi has the best mean rank of 5 rows")
    assert page.one("meta", property="og:description")["content"] == text
    assert page.one("meta", property="og:title")["content"] == demo.title
    name = '"><img src=x>'
    other = parsed(leaderboard_html(renamed_demo([name, *"abcd"])))
    assert f"Scene tasks: {name} has" in other.one("meta", name="description")["content"]


def test_nothing_is_fetched_and_only_our_script_runs(demo: Leaderboard, page: Element) -> None:
    policy = page.one("meta", http_equiv="Content-Security-Policy")["content"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        source = page.all(tag)[-1].text
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        source = source.replace('"http://www.w3.org/2000/svg"', "")  # a name, nothing is there
        assert not re.search(r"url\(|@import|https?:|\beval\b|innerHTML", source)
    assert page.one("link")["href"] == "data:,"


def test_the_scripts_data_put_rows_in_order(demo: Leaderboard, page: Element) -> None:
    data = json.loads(page.one("script", id="data").text)
    names = [row["name"] for row in data["rows"]]
    columns = {column["title"]: column for column in data["columns"]}
    speed = columns["speed"]
    assert speed["first"] == "descending"
    known = dict(zip(names, speed["order"], strict=True))
    assert sorted((n for n in known if known[n] is not None), key=known.__getitem__) == [
        *("panns-cnn6 (ours, same data, not official)", "multi", "cola", "random", "logmel")
    ]
    task = columns[TASKS[2].task]
    assert task["group"] == "event"
    assert task["order"][names.index("random")] is None
    assert task["ties"][names.index("cola")] == 1
    assert sorted(columns["model"]["order"]) == list(range(len(names)))


def _hostile(text: str) -> Leaderboard:
    """The demo with somebody else's text wherever there can be one."""
    demo = part_of_demo(2, 2)
    modules = [replace(demo.board.modules[0], label=text, note=text, checkpoint=text)]
    modules.append(ModuleFacts(f"{text} 2", text, text))
    tasks = [replace(task, task=f"{text}{i}", notice=text) for i, task in enumerate(TASKS[:2])]
    entries, standings = {}, {}
    for module, source in zip(modules, demo.board.modules, strict=True):
        for task, of in zip(tasks, TASKS[:2], strict=True):
            old = demo.standings[source.label, of.task]
            cells = tuple(
                replace(cell, module=module, task=task, machine=text, versions=text)
                for cell in old.entry.cells
            )
            if module is modules[1] and task is tasks[1]:
                cells = tuple(replace(cell, reason=text) for cell in cells)
            entries[module.label, task.task] = Entry(cells)
            standings[module.label, task.task] = replace(old, entry=Entry(cells))
    tests = demo.comparisons[TASKS[0].task]
    pair = replace(
        tests,
        models=(modules[0].label, modules[1].label),
        p=tests.p[:2, :2],
        adjusted=tests.adjusted[:2, :2],
        better=tests.better[:2, :2],
    )
    return replace(
        demo,
        title=text,
        board=replace(demo.board, modules=modules, tasks=tasks, entries=entries),
        standings=standings,
        comparisons={tasks[0].task: pair},
        cautions=[text],
        commands=[text],
    )


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_names_stay_names(text: str) -> None:
    page = parsed(leaderboard_html(_hostile(text)))
    text = printable(text)  # what turns the order of words around is spelt out
    _check_sound(page)
    assert not page.all("img") and not page.all("b")
    assert page.one("title").text == page.one("h1").text == text
    assert page.one("meta", property="og:title")["content"] == text
    assert page.one("pre").text == text
    table = page.one("table", id="board")
    assert [bdi.text for bdi in table.one("tbody").all("bdi")] == [text, f"{text} 2"]
    assert [title.text for title in table.all("span", class_="title")][1:3] == [
        f"{text}0†",
        f"{text}1†",
    ]
    (item,) = page.one("ol").all("li")
    assert item.text.endswith(f": {text}")
    data = json.loads(page.one("script", id="data").text)
    assert [row["name"] for row in data["rows"]] == [text, f"{text} 2"]
    caution = page.one("ul", class_="cautions").words
    assert caution.replace("`", "") == " ".join(text.split()).replace("`", "")


def test_a_name_that_is_no_unicode_can_be_written(demo: Leaderboard) -> None:
    assert r"a\udcffb" in leaderboard_html(replace(demo, title="a\udcffb")).encode().decode()


def test_an_address_that_would_run_a_script_is_no_link(demo: Leaderboard) -> None:
    task = TASKS[0].task
    row = replace(demo.published[task][0], url="javascript:alert(1)", model="bad")
    page = parsed(leaderboard_html(replace(demo, published={task: [row]})))
    assert not _row(page, "bad").all("a")


def test_an_empty_table_says_so() -> None:
    page = parsed(leaderboard_html(empty_standings()))
    _check_sound(page)
    assert not page.all("table")
    assert page.one("p", class_="empty").words == "There are no results to show."


def test_one_model_on_one_task() -> None:
    page = parsed(leaderboard_html(part_of_demo(1, 1)))
    _check_sound(page)
    assert "1 model on 1 task." in page.one("p", class_="summary").words
    assert not page.all("section", aria_labelledby="pairs")
    (sorted_head,) = [head for head in page.all("th") if "aria-sort" in head.attributes]
    assert sorted_head.one("span", class_="title").words == TASKS[0].task
    assert len(page.one("table", id="board").one("tbody").all("tr")) == 1


def test_without_predictions_there_are_scores_but_no_intervals(demo: Leaderboard) -> None:
    lone = {
        place: replace(standing, interval=None, ranks=None)
        for place, standing in demo.standings.items()
    }
    page = parsed(leaderboard_html(replace(demo, standings=lone, comparisons={})))
    _check_sound(page)
    board = page.one("table", id="board")
    assert not board.all("span", class_="interval") and not board.all("span", class_="rank")
    assert board.all("circle", class_="alone") == board.all("circle")
    for column, task in enumerate(demo.board.tasks, start=2):
        cells = [row.all("td")[column] for row in board.one("tbody").all("tr")]
        best = [cell.words for cell in cells if cell.all("span", class_="best")]
        published = [row.value for row in demo.published[task.task] if not row.note]
        assert best == [f"{max(demo.board.best(task), *published, 0):.3f}"]
    assert "95 %" not in page.one("p", class_="key").words


def test_one_task_is_sorted_by_its_scores() -> None:
    page = parsed(leaderboard_html(part_of_demo(5, 1)))
    scores = _first_numbers(page)
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 5


def test_all_failed_is_a_table_of_reasons() -> None:
    page = parsed(leaderboard_html(failed_demo("No module named 'x'")))
    _check_sound(page)
    board = page.one("table", id="board")
    assert len(board.all("a", class_="failed")) == 20
    assert not board.all("svg") and not board.all("span", class_="scale")
    # Each model's reason once, with all its tasks.
    items = page.one("ol").all("li")
    assert len(items) == 5
    assert items[0].words.startswith(f"multi on {', '.join(task.task for task in TASKS)}: No")


def test_places_that_nobody_ran_are_not_failures() -> None:
    page = parsed(leaderboard_html(failed_demo(NOT_RUN)))
    assert not page.all("a", class_="failed") and not page.all("ol")
    assert _cell(page, "multi", TASKS[0].task).words == "not run"


def test_undefined_and_infinite_scores() -> None:
    board = _rescored("d_prime", [math.inf, math.nan])
    (first, second) = (module.label for module in board.board.modules)
    places = dict(board.standings)
    place = (first, TASKS[0].task)
    places[place] = replace(places[place], interval=Interval(1.0, math.inf))
    page = parsed(leaderboard_html(replace(board, standings=places)))
    cell = _cell(page, first, TASKS[0].task)
    assert cell.one("span", class_="number").words == "∞"
    assert cell.one("span", class_="interval").words == "95 % interval 1.000 – ∞"
    assert cell.one("circle")["cx"] == "100.0"
    assert _cell(page, second, TASKS[0].task).words == "undefined"
    data = json.loads(page.one("script", id="data").text)
    assert data["columns"][1]["order"] == [0, None]


def test_error_rates_are_sorted_from_the_least() -> None:
    page = parsed(leaderboard_html(_rescored("segment_1s_er", [0.9, 0.3, 1.2, 0.5, 0.7])))
    assert _first_numbers(page) == [0.3, 0.5, 0.7, 0.9, 1.2]
    (sorted_head,) = [head for head in page.all("th") if "aria-sort" in head.attributes]
    assert sorted_head["aria-sort"] == "ascending"
    (best,) = page.one("table", id="board").all("span", class_="best")
    assert best.words == "0.300"


def _first_numbers(page: Element) -> list[float]:
    """Scores of the first column, from above."""
    rows = page.one("table", id="board").one("tbody").all("tr")
    return [float(row.all("span", class_="number")[0].words) for row in rows]


def _rescored(score: str, values: list[float]) -> Leaderboard:
    """One task of another score, with these values and without intervals and tests."""
    part = part_of_demo(len(values), 1)
    task = replace(TASKS[0], score=score)
    entries = {}
    for module, value in zip(part.board.modules, values, strict=True):
        old = part.board.entries[module.label, task.task]
        folds = [FoldScores("fold", {score: value}, 0, 0)]
        cells = (replace(cell, task=task, folds=folds) for cell in old.cells)
        entries[module.label, task.task] = Entry(tuple(cells))
    return replace(
        part,
        board=replace(part.board, tasks=[task], entries=entries),
        standings={key: Standing(entry, None, None) for key, entry in entries.items()},
        comparisons={},
    )
