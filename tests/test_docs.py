"""Pages say what is so: examples run, links lead somewhere, tables are those of the code.

``python -m tests.test_docs`` writes the layer table of docs/architecture.md from the import rules.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import yaml

from msssl_hear.version import __version__
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task
from tests.test_imports import ALLOWED

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
ATTEMPTS = ROOT / "results" / "pretraining" / "attempts"
FOLDERS = (ROOT, DOCS, ROOT / "results", ATTEMPTS)
PAGES = sorted(path for folder in FOLDERS for path in folder.glob("*.md"))
EXAMPLE = re.compile(
    r"(<!-- not run: .+ -->\n)?```python\n(.*?)^```\n(?:\n```\n(.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)


class Example(NamedTuple):
    """A block of Python on a page, and what the page says that it prints."""

    source: str
    printed: str
    runs: bool


def examples(page: str) -> Iterator[Example]:
    for mark, source, printed in EXAMPLE.findall(page):
        yield Example(source, printed, not mark)


@pytest.fixture
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder as the page assumes it: two tasks and a HEAR module."""
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    write_scene_task(tmp_path / "tasks", "doors")
    write_event_task(tmp_path / "tasks", "kitchen")
    write_module(tmp_path, name="my_module")
    yield tmp_path
    sys.modules.pop("my_module", None)


def test_the_api_pages_examples_print_what_it_shows(user_folder: Path) -> None:
    found = list(examples((DOCS / "python_api.md").read_text(encoding="utf-8")))
    assert sum(example.runs for example in found) > 5
    names: dict[str, object] = {}
    for example in found:
        code = compile(example.source, "python_api.md", "exec")
        if example.runs:
            output = StringIO()
            with redirect_stdout(output):
                exec(code, names)
            assert output.getvalue() == example.printed, example.source


def test_the_readmes_first_example_prints_what_it_shows() -> None:
    """The README shows the output in a comment under the block's last line."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    example = next(found for found in examples(page) if "torch.Size" in found.source)
    shown = example.source.strip().splitlines()[-1].removeprefix("# ")
    output = StringIO()
    with redirect_stdout(output):
        exec(compile(example.source, "README.md", "exec"), {})
    assert output.getvalue().strip() == shown


def test_the_readmes_module_has_the_hear_api() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    source = next(found.source for found in examples(page) if "# my_module.py" in found.source)
    module: dict[str, Any] = {}
    exec(compile(source, "my_module.py", "exec"), module)
    model = module["load_model"]()
    audio = torch.zeros(2, model.sample_rate)
    audio[1, 8000] = 1.0  # a click at half a second
    frames, milliseconds = module["get_timestamp_embeddings"](audio, model)
    assert frames.shape == (2, 21, model.timestamp_embedding_size)
    heard = (frames[1] - frames[0]).abs().sum(1).argmax()
    assert milliseconds.shape == (2, 21) and milliseconds[1, heard] == 500.0
    scenes = module["get_scene_embeddings"](audio, model)
    assert scenes.shape == (2, model.scene_embedding_size) and scenes.dtype == torch.float32


LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: str) -> set[str]:
    """What GitHub calls a page's headings in links."""
    words = [re.sub(r"[^\w\- ]", "", found.lower()) for found in HEADING.findall(page)]
    return {f"#{heading.replace(' ', '-')}" for heading in words}


@pytest.mark.parametrize("path", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    for target, heading in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        there = path.parent / target
        assert there.exists(), target
        if heading:
            assert heading in anchors(there.read_text(encoding="utf-8")), target + heading


def test_the_index_names_every_page() -> None:
    linked = {target for target, _ in LINK.findall((DOCS / "index.md").read_text("utf-8"))}
    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} <= linked


LAYER = re.compile(r"^\| `(\S+)` \| (.*?) \| (.*) \|\n", re.MULTILINE)


def layer_row(part: str, subject: str) -> str:
    """A row of the layer table, from the rules that the imports keep to."""
    names = " ".join(f"`{name}`" for name in ALLOWED[part].split()) or "–"
    return f"| `{part}` | {names} | {subject} |\n"


def test_the_layers_of_the_architecture_are_those_of_the_import_rules() -> None:
    shown = LAYER.findall((DOCS / "architecture.md").read_text(encoding="utf-8"))
    assert [part for part, _, _ in shown] == list(ALLOWED), "run python -m tests.test_docs"
    for part, names, subject in shown:
        assert layer_row(part, subject) == f"| `{part}` | {names} | {subject} |\n"
        assert subject, f"say in docs/architecture.md what {part} is"


def test_ci_runs_the_script_that_the_readme_feeds() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["tests"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("name", ["bug", "new_task", "new_baseline"])
def test_issue_forms_are_complete(name: str) -> None:
    """GitHub shows a form that lacks any of these as an error, and only after the merge."""
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml"
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"] and form["description"]
    questions = [part for part in form["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in questions}) == len(questions) > 2
    assert all(part["attributes"]["label"] for part in questions)


def test_version_stands_in_changelog_and_citation() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert citation["version"] == __version__
    assert f"## {__version__} - {citation['date-released']}" in changelog
    assert "10.1109/ICASSP43922.2022.9746798" in citation["preferred-citation"]["doi"]


if __name__ == "__main__":
    page = DOCS / "architecture.md"
    text = page.read_text(encoding="utf-8")
    rows = list(LAYER.finditer(text))
    subjects = {row[1]: row[3] for row in rows}
    table = "".join(layer_row(part, subjects.get(part, "")) for part in ALLOWED)
    page.write_text(text[: rows[0].start()] + table + text[rows[-1].end() :], encoding="utf-8")
