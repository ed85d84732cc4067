"""What the maker of a task is told of columns, files and labels that may be a mistake."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmark.tasks.make.names import check_labels
from benchmark.tasks.make.table_notes import no_column, unlisted_audio, unused_columns
from tests.benchmark.tasks.make.conftest import Make
from tests.benchmark.tasks.make.raw_layouts import noise


def rows(labels: str, **columns: Sequence[str]) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    return [
        ((label,), {name: values[index] for name, values in columns.items()})
        for index, label in enumerate(labels)
    ]


def test_a_column_that_may_be_the_speaker_is_named() -> None:
    (note,) = unused_columns(rows("abababab", speaker="11223344"))
    assert "Unused column: speaker." in note
    assert note.endswith("--column group=speaker.")
    (note,) = unused_columns(rows("abababab", sex="fffmffmm", speaker="11223344"))
    assert "Unused columns: speaker, sex." in note  # the one with more values first


def test_a_recording_of_one_class_each_is_named() -> None:
    assert unused_columns(rows("aaaabbbb", recording="11223344"))


@pytest.mark.parametrize(
    "values",
    ["12121212", "12345678", "        ", "xxxxxxxx"],
    ids=["class-number", "clip-number", "empty", "constant"],
)
def test_columns_that_are_no_groups_are_not_named(values: str) -> None:
    assert not unused_columns(rows("abababab", other=[v.strip() for v in values]))


def test_audio_that_the_table_leaves_out_is_counted(tmp_path: Path) -> None:
    found = [tmp_path / "x" / name for name in ("a.wav", "b.wav", "c.wav")]
    (tmp_path / "x").mkdir()
    for path in found:
        path.touch()
    (tmp_path / "link").symlink_to(tmp_path / "x")
    assert not unlisted_audio(found, found)
    assert not unlisted_audio(found, [tmp_path / "link" / path.name for path in found])
    (note,) = unlisted_audio(found, [tmp_path / "x" / ".." / "x" / "a.wav"])
    assert note == "2 audio files below the sources are not in the table, and left out."
    (note,) = unlisted_audio(found, found[:2])
    assert note.startswith("1 audio file below the sources is")


def test_a_missing_column_says_what_to_do() -> None:
    assert no_column("label", ["file", "class"]) == (
        "say which is the label with --column label=NAME"
    )
    assert "first line must have the names" in no_column("file", ["a.WAV", "dog"])
    assert no_column("offset", ["onset", "Duration"]).endswith("add a column of onset + duration")


def test_labels_that_may_be_slips_are_told() -> None:
    (note,) = check_labels(["Katze"] * 20 + ["Kazte", "Hund"] + ["Esel"] * 20)
    assert note.startswith("The label Kazte (1) is written much like Katze (20)")
    assert not check_labels(["male"] * 20 + ["female"] * 20)  # both are frequent
    assert not check_labels(["word1"] * 20 + ["word2"])  # numbers are meant
    (note,) = check_labels(["Katze"] * 20 + ["katze"])
    assert "differ in capitals only" in note


def test_notes_reach_who_makes_a_task(tmp_path: Path, make: Make, made: Path) -> None:
    lines = ["file,label,speaker"]
    for index in range(24):
        noise(tmp_path / f"{index}.wav", 0.05, 16000)
        lines.append(f"{index}.wav,{'ab'[index % 2]},s{index // 4}")
    (tmp_path / "rows.csv").write_text("\n".join(lines[:-1]) + "\n")
    source = ("--source", tmp_path, "--csv", "rows.csv")
    result = make("csv", "x", *source)
    assert result.exit_code == 0, result.output
    assert "--column group=speaker" in result.output.replace("\n", " ")
    assert "1 audio file below the sources is not in the table" in result.output
    result = make("csv", "y", *source, "--column", "group=speaker")
    assert result.exit_code == 0, result.output
    assert "Unused" not in result.output


def test_files_that_are_not_as_they_should_be(tmp_path: Path, make: Make) -> None:
    noise(tmp_path / "0.wav", 0.05, 16000)
    source = ("--source", tmp_path, "--csv", "rows.csv")
    table = tmp_path / "rows.csv"
    table.write_bytes("file,label\n0.wav,größe\n".encode("latin-1"))
    assert "save it as UTF-8" in make("csv", "x", *source).output
    table.write_text('file,onset,offset,label\n0.wav,"0,01","0,02",a\n')
    result = make("events", "x", *source, "--time-unit", "s")
    assert "write a point, not a comma" in result.output
    table.write_text("file,label\n0.wav,A4\n")
    result = make("csv", "x", *source, "--score", "pitch_acc,chroma_acc")
    assert "such as 69 for A4, but one is 'A4'" in result.output
    table.write_text("file,label,split\n0.wav,a,holdout\n")
    assert "draw splits with --redraw" in make("csv", "x", *source).output
