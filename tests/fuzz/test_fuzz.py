"""A few files for every reader, and those that once got through."""

import json
import pkgutil
from importlib import import_module
from pathlib import Path
from random import Random

import pytest

from benchmark.cli.options import report_errors
from msssl_common.messages import one_printable_line, reason_for_cell
from tests.fuzz import targets
from tests.fuzz.target import Target
from tests.fuzz.targets import labels, metadata, raw_archive, results

NAMES = [module.name for module in pkgutil.iter_modules(targets.__path__)]


def target_of(name: str) -> Target:
    return import_module(f"tests.fuzz.targets.{name}").TARGET


@pytest.mark.parametrize("name", NAMES)
def test_good_files_are_taken(name: str, tmp_path: Path) -> None:
    for index, content in enumerate(target_of(name).seeds[:2]):
        folder = tmp_path / str(index)
        folder.mkdir()
        assert target_of(name).refusal(content, folder) is None


@pytest.mark.parametrize("name", NAMES)
def test_faulty_files_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    target, random, refused = target_of(name), Random(8), 0
    for index in range(40):
        folder = tmp_path / str(index)
        folder.mkdir()
        content = target.mutate(random.choice(target.seeds), random)
        refused += target.refusal(content, folder) is not None
    assert refused > 10


def test_a_time_too_large_for_a_float(tmp_path: Path) -> None:
    content = {"a.wav": [{"label": "cat", "start": 10**400, "end": 10**400}]}
    said = labels.TARGET.refusal(b"E" + json.dumps(content).encode(), tmp_path)
    assert "an event of clip 'a.wav' must have 'start' in milliseconds" in said


def test_a_split_that_no_terminal_can_show(tmp_path: Path) -> None:
    content = metadata.SCENE | {"splits": ["train", "valid", "\ud800\x1b[31m"]}
    data = json.dumps(content).encode() + b"\0" + metadata.ROWS
    said = metadata.TARGET.refusal(data, tmp_path)
    assert r"but is train, valid, \ud800\x1b[31m." in said


def test_a_key_that_no_terminal_can_show(tmp_path: Path) -> None:
    content = json.loads(results.TARGET.seeds[0])
    content["protocol"]["\n\x1b"] = 1
    said = results.TARGET.refusal(json.dumps(content).encode(), tmp_path)
    assert r"key protocol. \x1b is no key" in said


def test_results_nested_too_deeply(tmp_path: Path) -> None:
    assert "the file is no JSON" in results.TARGET.refusal(b"[" * 200_000, tmp_path)


def test_a_score_too_large_for_a_float(tmp_path: Path) -> None:
    content = json.loads(results.TARGET.seeds[0])
    content["folds"][0]["scores"]["top1_acc"] = 10**400
    said = results.TARGET.refusal(json.dumps(content).encode(), tmp_path)
    assert "folds[0].scores.top1_acc is 1000" in said and "expected a number" in said


def test_an_archive_that_is_none_is_said_in_one_line(tmp_path: Path) -> None:
    assert "is damaged or not whole" in raw_archive.TARGET.refusal(b"tnothing", tmp_path)


def test_a_member_that_no_terminal_can_show(tmp_path: Path) -> None:
    archive = raw_archive.zip_file(0).replace(b"raw/train.json", b"/aw/\x1b[31m.json")
    assert r"\x1b[31m.json" in raw_archive.TARGET.refusal(b"z" + archive, tmp_path)


def test_a_member_without_a_name(tmp_path: Path) -> None:
    archive = raw_archive.zip_file(0).replace(b"raw/train.json", b"\0aw/train.json")
    assert "leads out of the archive's own folder" in raw_archive.TARGET.refusal(
        b"z" + archive, tmp_path
    )


def test_what_commands_print_is_one_printable_line(capsys: pytest.CaptureFixture) -> None:
    @report_errors
    def command() -> None:
        raise ValueError("a\nb\x1b[2J\ud800.wav is é missing")

    with pytest.raises(SystemExit):
        command()
    assert capsys.readouterr().err == "Error: a b\\x1b[2J\\ud800.wav is é missing\n"
    assert reason_for_cell(KeyError("\x1b"), False) == r"KeyError: '\x1b'"
    assert one_printable_line("\x1b") == r"\x1b"
