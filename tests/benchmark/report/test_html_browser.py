"""The page in a real Chromium: sorting, filtering, theme, keyboard, and that nothing is fetched."""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmark.report.page.page import leaderboard_html
from tests import ROOT
from tests.benchmark.report.demo import (
    TASKS,
    demo_standings,
    empty_standings,
    failed_demo,
    renamed_demo,
)

pytestmark = pytest.mark.browser

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Driver = Any  # selenium's, which need not be installed


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A browser with an empty profile, which logs what it fetches."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "leaderboard.html"
    path.write_text(leaderboard_html(demo_standings()), "utf-8")
    return path


@pytest.fixture
def page(chromium: Driver, demo_file: Path) -> Iterator[Driver]:
    """The demo, freshly loaded; whatever a test did must leave no word on the console."""
    _load(chromium, demo_file)
    yield chromium
    assert chromium.get_log("browser") == []


def _load(chromium: Driver, path: Path) -> None:
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    chromium.set_window_size(1500, 1000)
    chromium.get_log("performance")
    chromium.get(path.as_uri())


def _css(page: Driver, selector: str) -> Any:
    return page.find_element("css selector", selector)


def _all(page: Driver, selector: str) -> list[Any]:
    return list(page.find_elements("css selector", selector))


def _names(page: Driver) -> list[str]:
    """Names of the rows that are shown, from above."""
    return [name.text for name in _all(page, "#board tbody tr:not([hidden]) > th bdi")]


def _heads(page: Driver) -> list[str]:
    """Titles of the columns that are shown."""
    return [title.text for title in _all(page, "#board thead .title") if title.is_displayed()]


def _button(page: Driver, title: str) -> Any:
    return page.find_element("xpath", f"//button[starts-with(normalize-space(), '{title}')]")


def _click(page: Driver, title: str) -> None:
    """Click the button of a column, which may have to be scrolled into view."""
    button = _button(page, title)
    page.execute_script("arguments[0].scrollIntoView({inline: 'nearest'})", button)
    button.click()


def _sorting(page: Driver) -> list[tuple[str, str]]:
    return [
        (head.find_element("css selector", ".title").text, head.get_attribute("aria-sort"))
        for head in _all(page, "#board th[aria-sort]")
    ]


def _keys(page: Driver, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(page).send_keys(*keys).perform()


def test_a_click_sorts_best_first_and_another_turns_it(page: Driver) -> None:
    first = _names(page)
    assert _sorting(page) == [("normalised score", "descending")]
    assert "sorted by normalised score, best first" in _css(page, "#status").text
    _click(page, "speed")
    by_speed = ["logmel", "random", "cola", "multi", "panns-cnn6 (ours, same data, not official)"]
    assert _names(page)[:5] == by_speed
    assert _sorting(page) == [("speed", "descending")]
    _click(page, "speed")
    assert _names(page)[:5] == by_speed[::-1]  # blanks, the published rows, stay last
    assert _sorting(page) == [("speed", "ascending")]
    assert "sorted by speed, worst first" in _css(page, "#status").text
    _click(page, "mean rank")
    assert _sorting(page) == [("mean rank", "ascending")]
    _click(page, "normalised score")
    assert _names(page) == first


def test_every_column_sorts(page: Driver) -> None:
    data = json.loads(_css(page, "#data").get_attribute("textContent"))
    for column, button in zip(data["columns"], _all(page, "#board .sort"), strict=True):
        page.execute_script("arguments[0].click()", button)
        shown = page.execute_script(
            "return Array.from(document.querySelectorAll('#board tbody tr'),"
            " (row) => Number(row.dataset.row))"
        )
        order = [column["order"][row] for row in shown]
        known = [place for place in order if place is not None]
        assert known == sorted(known, reverse=column["first"] == "descending")
        assert order[: len(known)] == known


def test_a_task_parts_its_tie_groups(page: Driver) -> None:
    assert not _all(page, "#board tr.parted")
    _click(page, TASKS[0].task)
    parted = [row.find_element("css selector", "bdi").text for row in _all(page, "tr.parted")]
    column = [title.strip("†") for title in _heads(page)].index(TASKS[0].task) + 1
    cells = _all(page, f"#board tbody tr > :nth-child({column}) .rank")
    firsts = [cell.text.split()[-1].split("–")[0] for cell in cells]
    changes = [b != a for a, b in pairwise(firsts)]
    names = _names(page)[: len(firsts)]
    assert parted == [name for name, change in zip(names[1:], changes, strict=True) if change]
    assert parted


def test_the_keyboard_alone_sorts_filters_and_reads_reasons(page: Driver) -> None:
    from selenium.webdriver.common.keys import Keys

    for name in ("copy", "download", "theme", "find"):
        _keys(page, Keys.TAB)
        assert page.switch_to.active_element.get_attribute("id") == name
    _keys(page, "cola")
    assert _names(page) == ["cola"]
    assert "1 of 10 rows" in _css(page, "#status").text
    _keys(page, *[Keys.BACKSPACE] * 4, Keys.TAB, "pitch")
    assert _heads(page)[3:] == [TASKS[3].task, *_heads(page)[-4:]]
    _keys(page, *[Keys.BACKSPACE] * 5, Keys.TAB, Keys.TAB, Keys.SPACE)  # behind the views: overall
    assert "normalised score" not in _heads(page)
    _keys(page, Keys.SPACE)
    assert "normalised score" in _heads(page)
    for _ in range(30):
        _keys(page, Keys.TAB)
        focused = page.switch_to.active_element
        outline = page.execute_script("return getComputedStyle(arguments[0]).outlineStyle", focused)
        assert outline != "none"  # the focus can be seen
        if focused.tag_name == "button" and "speed" in focused.text:
            break
    _keys(page, Keys.ENTER)
    assert _sorting(page) == [("speed", "descending")]
    assert page.switch_to.active_element == _button(page, "speed")
    _keys(page, Keys.SPACE)
    assert _sorting(page) == [("speed", "ascending")]
    for _ in range(30):
        _keys(page, Keys.TAB)
        if page.switch_to.active_element.text == "failed":
            break
    assert "NaN embeddings" in _css(page, "#tip").text
    _keys(page, Keys.ESCAPE)
    assert not _css(page, "#tip").is_displayed()


def test_the_focus_never_hides_behind_the_names(page: Driver) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.set_window_size(800, 1000)
    _click(page, "speed")
    seen = []
    for _ in range(8):
        ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
        focused = page.switch_to.active_element
        seen.append(focused.text.split("\n")[0])
        names = _css(page, "#board tbody th").rect
        assert focused.rect["x"] >= names["x"] + names["width"], seen
    assert seen[-1] == "normalised score"


def test_families_rows_and_names_filter(page: Driver) -> None:
    _css(page, "input[value=scene]").click()
    heads = _heads(page)
    assert TASKS[0].task not in heads and TASKS[2].task in heads
    assert "Scene tasks" not in [group.text for group in _all(page, ".group")]
    tests = _css(page, "section[aria-labelledby=pairs]").text
    assert TASKS[0].task not in tests and TASKS[2].task in tests
    shown = page.execute_script(
        "return Array.from(document.querySelectorAll('#board tbody tr'), (row) =>"
        " Array.from(row.cells).filter((cell) => cell.checkVisibility()).length)"
    )
    assert shown == [len(heads)] * 10
    _css(page, "input[value=scene]").click()
    assert TASKS[0].task in _heads(page)
    assert len(_names(page)) == 10
    _css(page, "#published").click()
    assert sorted(_names(page)) == sorted(m.label for m in demo_standings().board.modules)
    _css(page, "#find").send_keys("OFFICIAL panns")
    assert _names(page) == ["panns-cnn6 (ours, same data, not official)"]
    _css(page, "#find").clear()
    _css(page, "#find").send_keys("no such model")
    assert _names(page) == []
    assert _css(page, "#status").text.startswith("0 of 10 rows")


def test_licences_filter(page: Driver) -> None:
    from benchmark.report.licences import USES

    boxes = _all(page, "input[name=use]")
    assert [box.get_attribute("value") for box in boxes] == ["free", "noncommercial", "unknown"]
    said = [box.find_element("xpath", "..").text for box in boxes]
    assert said == [USES["free"], USES["noncommercial"], USES["unknown"]]
    boxes[2].click()  # also published rows, whose licences nobody says
    assert sorted(_names(page)) == ["cola", "multi"]
    boxes[1].click()
    assert _names(page) == ["multi"]
    assert page.current_url.endswith("#no-use=noncommercial&no-use=unknown")
    page.refresh()
    assert _names(page) == ["multi"]


def test_what_is_shown_can_be_had_as_a_table(page: Driver, tmp_path: Path) -> None:
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    _css(page, "#find").send_keys("l")
    for group in ("overall", "scene", "event"):
        _css(page, f"input[value={group}]").click()
    shown = _names(page)
    _css(page, "#download").click()
    file = tmp_path / "leaderboard.csv"
    _wait(file.exists)
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [row["model"] for row in rows] == shown
    task = TASKS[3].task
    costs = ["parameters", "embedding size", "speed", "peak memory"]
    assert list(rows[0]) == ["model", "kind", task, f"{task}:low", f"{task}:high", *costs]
    demo = demo_standings()
    standing = demo.standings["multi", task]
    assert standing.interval is not None
    expected = [standing.entry.primary, *standing.interval]
    multi = next(row for row in rows if row["model"] == "multi")
    found = [float(multi[name]) for name in (task, f"{task}:low", f"{task}:high")]
    assert found == pytest.approx(expected, abs=5e-5)


def _wait(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_a_link_to_what_is_shown_is_copied(page: Driver) -> None:
    _css(page, "#find").send_keys("multi")
    page.execute_script(
        "Object.defineProperty(navigator, 'clipboard', {configurable: true,"
        " value: {writeText: async (text) => { window.copied = text; }}});"
    )
    _css(page, "#copy").click()
    _wait(lambda: _css(page, "#copy").text == "Copied")
    assert page.execute_script("return window.copied") == page.current_url
    assert page.current_url.endswith("#find=multi")


def test_the_theme_follows_the_system_or_the_switch(page: Driver) -> None:
    from selenium.webdriver.support.ui import Select

    def background() -> str:
        return str(page.execute_script("return getComputedStyle(document.body).backgroundColor"))

    def system(theme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": theme}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})

    system("light")
    light = background()
    system("dark")
    dark = background()
    assert light != dark
    theme = Select(_css(page, "#theme"))
    theme.select_by_visible_text("light")
    assert background() == light
    theme.select_by_visible_text("dark")
    system("light")
    assert background() == dark


def test_a_reason_shows_under_the_pointer_and_in_the_list(page: Driver) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    link = _css(page, "#board .failed")
    tip = _css(page, "#tip")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
    ActionChains(page).move_to_element(link).perform()
    assert "NaN embeddings" in tip.text
    place = tip.rect
    assert place["x"] >= 0 and place["x"] + place["width"] <= 1500
    ActionChains(page).move_to_element(_css(page, "h1")).perform()
    assert not tip.is_displayed()
    # The focus scrolls a link into view and its reason with it.
    page.set_window_size(800, 400)
    page.execute_script("arguments[0].focus()", link)
    page.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    assert "NaN embeddings" in tip.text
    gap = tip.rect["y"] - link.rect["y"] - link.rect["height"]
    assert 0 <= gap < 20 or 0 <= link.rect["y"] - tip.rect["y"] - tip.rect["height"] < 20
    link.click()
    assert page.current_url.endswith("#failure-1")
    assert "NaN embeddings" in _css(page, "li:target").text


def test_paper_shows_what_is_folded(page: Driver) -> None:
    folded = "return document.querySelectorAll('details:not([open])').length"
    assert page.execute_script(folded) == 7  # a choice, correlations, four tasks, provenance
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert page.execute_script(folded) == 1  # the choice of tasks is not printed
    page.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert page.execute_script(folded) == 7


def test_nothing_is_fetched(page: Driver, demo_file: Path) -> None:
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    fetched = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in fetched if not url.startswith("data:")] == [demo_file.as_uri()]
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    # The policy would stop whatever a name smuggled in.
    blocked = page.execute_async_script(
        "const done = arguments[0];"
        "document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));"
        "const s = document.createElement('script'); s.textContent = 'window.evil = 1';"
        "document.body.append(s);"
    )
    assert blocked.startswith("script-src")
    assert page.execute_script("return window.evil") is None
    assert "Content Security Policy" in page.get_log("browser")[0]["message"]


def test_screenshots_in_light_and_dark_and_on_a_phone(page: Driver, tmp_path: Path) -> None:
    from selenium.webdriver.support.ui import Select

    def shot(name: str, theme: str, width: int, height: int, mobile: bool) -> bytes:
        feature = {"name": "prefers-color-scheme", "value": theme}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        page.save_screenshot(str(tmp_path / f"{name}.png"))
        return (tmp_path / f"{name}.png").read_bytes()

    light = shot("light", "light", 1500, 1000, False)
    assert shot("dark", "dark", 1500, 1000, False) != light
    shot("phone", "light", 390, 844, True)
    # The page never scrolls sideways: a row is a card with the chosen column.
    assert page.execute_script("return document.documentElement.scrollWidth") == 390
    Select(_css(page, "#column")).select_by_value(TASKS[1].task)
    shown = [cell.text for cell in _all(page, "#board tbody td") if cell.is_displayed()]
    assert len(shown) == 10 and shown[0].startswith("0.563")
    assert f"sorted by {TASKS[1].task}, best first" in _css(page, "#status").text
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [1400, 320])
def test_no_name_makes_the_page_scroll_sideways(
    chromium: Driver, tmp_path: Path, width: int
) -> None:
    """Names of 300 letters, from right to left, or with emoji; tables scroll in their frames."""
    names = [
        "x" * 300,
        "\u0646\u0645\u0648\u0630\u062c " * 12,
        "\N{HEADPHONE} a",
        "b " * 150,
        "=c()",
    ]
    path = tmp_path / "leaderboard.html"
    path.write_text(leaderboard_html(renamed_demo(names)), "utf-8")
    _load(chromium, path)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chromium.execute_script(
        "document.querySelectorAll('details').forEach((d) => { d.open = true; });"
        "document.querySelectorAll('.tick').forEach((tick) => tick.click());"
    )
    beyond = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
    assert chromium.execute_script(beyond) == 0
    tallest = "return Math.max(...Array.from(document.querySelectorAll('#board tbody tr'),"
    assert chromium.execute_script(f"{tallest} (row) => row.offsetHeight))") < 130
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert chromium.get_log("browser") == []


def test_without_scripts_the_table_has_all_rows(chromium: Driver, tmp_path: Path) -> None:
    demo = demo_standings()
    task = demo.board.tasks[0].task
    few = replace(demo, published={task: demo.published[task]})  # published rows have 1 of 4 tasks
    path = tmp_path / "leaderboard.html"
    path.write_text(leaderboard_html(few), "utf-8")
    _load(chromium, path)
    assert len(_names(chromium)) == 5
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chromium.get(path.as_uri())
        shown = chromium.execute_cdp_cmd(
            "Runtime.evaluate",
            {
                "expression": "Array.from(document.querySelectorAll('#board tbody tr'))"
                ".filter((row) => row.offsetHeight > 0).length"
            },
        )
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert shown["result"]["value"] == 10


@pytest.mark.parametrize("standings", [empty_standings, failed_demo], ids=["empty", "all failed"])
def test_poor_tables_run_without_errors(chromium: Driver, tmp_path: Path, standings: Any) -> None:
    path = tmp_path / "leaderboard.html"
    path.write_text(leaderboard_html(standings()), "utf-8")
    _load(chromium, path)
    if standings is failed_demo:
        assert _css(chromium, "#controls").is_displayed()
    assert chromium.get_log("browser") == []


def test_two_ticked_rows_stand_side_by_side(page: Driver) -> None:
    demo = demo_standings()
    example = "multi wins 0, loses 0 and ties 4 of 4 tasks against cola"
    assert example in _css(page, "#two-summary").text and not _all(page, ".tick:checked")
    for name in ("multi", "panns-cnn6 (ours, same data, not official)"):
        page.execute_script("arguments[0].click()", _css(page, f"[aria-label='Compare {name}']"))
    lines = [row.text for row in _all(page, "#two-body tr")]
    assert [line.split()[0] for line in lines] == [task.task for task in TASKS]
    verdicts = [row.get_attribute("data-verdict") for row in _all(page, "#two-body tr")]
    for task, line, verdict in zip(TASKS, lines, verdicts, strict=True):
        tests = demo.comparisons[task.task]
        a, b = (tests.models.index(name) for name in ("multi", demo.board.modules[2].label))
        bounds = tests.low[a, b], tests.high[a, b]
        low, high = (f"{bound:+.3f}".replace("-", "−") for bound in bounds)
        assert f"{low} to {high}" in line
        expected = "better" if tests.better[a, b] else "worse" if tests.better[b, a] else "open"
        assert verdict == expected
    wins = verdicts.count("better")
    summary = _css(page, "#two-summary").text
    assert f"multi wins {wins}, loses 0 and ties {4 - wins} of 4 tasks" in summary
    # A published row has no predictions; the third tick takes the place of the first.
    page.execute_script("arguments[0].click()", _css(page, "[aria-label='Compare CREPE']"))
    assert "No task on which both have predictions" in _css(page, "#two-summary").text
    assert len(_all(page, ".tick:checked")) == 2


def test_the_address_keeps_what_is_shown(page: Driver, demo_file: Path) -> None:
    _css(page, "input[value=heat]").click()
    _css(page, "#find").send_keys("o")
    _css(page, "input[value=event]").click()
    _css(page, "input[value=floor]").click()
    _click(page, TASKS[3].task)
    page.execute_script("arguments[0].click()", _css(page, "[aria-label='Compare multi']"))
    names, heads, address = _names(page), _heads(page), page.current_url
    assert "logmel" not in names and TASKS[2].task not in heads
    page.get("about:blank")
    page.get(address)
    assert (_names(page), _heads(page)) == (names, heads)
    assert _css(page, "#board").get_attribute("class") == "view-heat"
    assert _sorting(page) == [(TASKS[3].task, "descending")]
    assert len(_all(page, ".tick:checked")) == 1


def test_an_address_of_nonsense_shows_the_page_as_it_is(page: Driver, demo_file: Path) -> None:
    names, heads = _names(page), _heads(page)
    page.get("about:blank")
    junk = "view=x&column=x&size=x&sort=%2Bx&two=x&no-kind=x&no-use=x&folded=x&find=&%zz=%"
    page.get(f"{demo_file.as_uri()}#{junk}")
    assert (_names(page), _heads(page)) == (names, heads)
    assert _css(page, "#board").get_attribute("class") == "view-bars"
    assert _css(page, "#column").get_attribute("value") == "normalised score"


def test_a_task_is_drawn_with_all_its_rows(page: Driver) -> None:
    from selenium.webdriver.support.ui import Select

    Select(_css(page, "#one-task")).select_by_value(TASKS[2].task)
    names = page.execute_script(
        "return Array.from(document.querySelectorAll('#one-chart title'), (t) => t.textContent)"
    )
    demo = demo_standings()
    scores = demo.scores(TASKS[2].task)
    drawn = [name for name in names if name in scores]
    assert drawn == sorted(drawn, key=lambda name: -scores[name])
    assert "random" not in names and "OpenL3" in names  # random failed


AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", ["bars", "heat"])
def test_axe_finds_nothing(page: Driver, view: str, theme: str, width: int) -> None:
    """axe-core, the usual checker of accessibility, with everything unfolded."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install --no-save axe-core")
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 600}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": theme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})
    page.execute_script("document.querySelector(`input[value=${arguments[0]}]`).click()", view)
    for name in ("multi", "cola"):
        page.execute_script("arguments[0].click()", _css(page, f"[aria-label='Compare {name}']"))
    page.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.execute_script(AXE.read_text("utf-8"))
    page.set_script_timeout(60)
    found = page.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: arguments[0]}).then(({violations}) => done(violations.map("
        "({id, nodes}) => `${id}: ${nodes.map(({html}) => html).join(' ')}`)));",
        list(RULES),
    )
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert found == []
