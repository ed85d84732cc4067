"""Names of clips, labels and files: Unicode forms, capitals, separators, length, links."""

import shutil
import unicodedata
from pathlib import Path

import pytest

from benchmark.tasks.check.check_task import check_task
from benchmark.tasks.labels import read_scene_labels
from benchmark.tasks.make.names import check_labels, clip_stem
from benchmark.tasks.task import read_task
from tests.benchmark.tasks.make.conftest import Make
from tests.benchmark.tasks.make.raw_layouts import noise

SPLITS = ("train", "valid", "test")


def write_table(folder: Path, names: list[str], label: str = "b", there: bool = True) -> None:
    """A table of two classes in which every third row is of one split."""
    noise(folder / "one.wav", 0.1, 8000)
    rows = ["file,label,split"]
    for index, name in enumerate(names):
        if there:
            shutil.copy(folder / "one.wav", folder / name)
        text = "a" if index % 6 < 3 else label
        rows.append(f'{name},"{text}",{SPLITS[index % 3]}')
    (folder / "one.wav").unlink()
    (folder / "rows.csv").write_text("\n".join(rows), encoding="utf-8")


def labels_of(folder: Path) -> dict[str, str]:
    task = read_task(folder)
    return {
        clip: label
        for split in task.splits
        for clip, (label,) in read_scene_labels(task, split).items()
    }


@pytest.mark.parametrize("separator", ["\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_label_that_is_no_line_is_refused(tmp_path: Path, make: Make, separator: str) -> None:
    with pytest.raises(ValueError, match=rf"has the character U\+{ord(separator):04X}"):
        check_labels(["plain", f"a{separator}b"])
    write_table(tmp_path, [f"{i}.wav" for i in range(6)], f"a{separator}b")
    result = make("csv", "x", "--source", tmp_path, "--csv", "rows.csv")
    assert result.exit_code == 2
    assert f"U+{ord(separator):04X}, which ends a line or is no text" in result.output


@pytest.mark.parametrize("separator", ["\n", "\v", "\x85", "\u2028"])
def test_a_vocabulary_with_separators_is_read(tmp_path: Path, separator: str) -> None:
    from benchmark.tasks.metadata import read_vocabulary

    text = f'idx,label\n0,"a{separator}b"\n1,c\n'
    (tmp_path / "labelvocabulary.csv").write_text(text, encoding="utf-8")
    assert read_vocabulary(tmp_path) == (f"a{separator}b", "c")


def test_labels_in_two_unicode_forms_are_one_class(tmp_path: Path, made: Path, make: Make) -> None:
    for form in ("NFC", "NFD"):
        for split in SPLITS:
            noise(tmp_path / split / unicodedata.normalize(form, "é") / f"{form}.wav", 0.1, 8000)
    for split in SPLITS:
        noise(tmp_path / split / "e" / "e.wav", 0.1, 8000)
    result = make("folders", "x", "--source", tmp_path)
    assert result.exit_code == 0, result.output
    assert read_task(made / "x-v1-full").vocabulary == ("e", "é")


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_file_is_found_in_either_unicode_form(
    tmp_path: Path, made: Path, make: Make, forms: tuple[str, str]
) -> None:
    names = [f"é{i}.wav" for i in range(6)]
    write_table(tmp_path, [unicodedata.normalize(forms[0], name) for name in names])
    table = (tmp_path / "rows.csv").read_text(encoding="utf-8")
    (tmp_path / "rows.csv").write_text(unicodedata.normalize(forms[1], table), encoding="utf-8")
    result = make("csv", "x", "--source", tmp_path, "--csv", "rows.csv")
    assert result.exit_code == 0, result.output
    assert sorted(labels_of(made / "x-v1-full")) == names


def test_labels_that_differ_in_capitals_are_told() -> None:
    assert check_labels(["Dog", "dog", "cat", 1]) == [
        "The labels Dog and dog differ in capitals only: they are different classes."
    ]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["1", "01", "1.0", "2"], "The labels 01 and 1 and 1.0 are easily taken for one another"),
        (["a b", "a\u00a0b"], r"The labels a b and 'a\xa0b' are easily taken"),
        (["ab", "a\u200bb"], r"The labels ab and 'a\u200bb' are easily taken"),
        (["ﬁre", "fire"], "The labels fire and ﬁre are easily taken"),
        (["1e3", "1000"], "The labels 1000 and 1e3 are easily taken"),
        (["NA", "dog"], "The label NA is a class like any other"),
        (["dog", "None"], "The label None is a class like any other"),
    ],
)
def test_labels_that_may_be_one_or_none_are_told(labels: list[str], words: str) -> None:
    (note,) = check_labels(labels)
    assert note.startswith(words)
    assert not check_labels(["1", "2", "10", "a b", "ab", "dog", "inf", "infinity"])


def test_a_table_that_can_be_read_in_two_ways_is_refused(
    tmp_path: Path, made: Path, make: Make
) -> None:
    write_table(tmp_path, [f"f{i}.wav" for i in range(6)])
    table = tmp_path / "rows.csv"
    header, first, *rest = table.read_text().splitlines()
    arguments = ("csv", "x", "--source", tmp_path, "--csv", "rows.csv")
    table.write_text("\n".join([header, first + ", barking", *rest]))
    result = make(*arguments)
    assert result.exit_code == 2
    assert "line 2 has more cells than the header" in result.output
    table.write_text("\n".join([header + ",label", *(row + ",x" for row in [first, *rest])]))
    result = make(*arguments)
    assert result.exit_code == 2
    assert "has 2 columns 'label'" in result.output


def test_a_listed_file_in_other_capitals_is_named_with_the_near_one(
    tmp_path: Path, made: Path, make: Make
) -> None:
    write_table(tmp_path, [f"F{i}.WAV" for i in range(6)])
    table = (tmp_path / "rows.csv").read_text()
    (tmp_path / "rows.csv").write_text(table.replace("F0.WAV", "f0.wav"))
    arguments = ("csv", "x", "--source", tmp_path, "--csv", "rows.csv")
    strict = make(*arguments, "--bad-files", 0)
    assert strict.exit_code == 2
    assert "f0.wav is missing (" in strict.output
    assert "rows.csv, line 2 lists it; there is F0.WAV, close to it)" in strict.output
    assert "1 of 6 source files are missing or cannot be read (1 missing" in strict.output


@pytest.mark.parametrize("bad", ["missing", "corrupt"])
def test_missing_and_corrupt_files_are_treated_alike(
    tmp_path: Path, made: Path, make: Make, bad: str
) -> None:
    write_table(tmp_path, [f"{i}.wav" for i in range(30)])
    broken = [tmp_path / f"{i}.wav" for i in (0, 6, 12)]

    def spoil(path: Path) -> None:
        path.unlink() if bad == "missing" else path.write_bytes(b"no audio at all")

    spoil(broken[0])
    arguments = ("csv", "x", "--source", tmp_path, "--csv", "rows.csv")
    one = make(*arguments)
    assert one.exit_code == 0, one.output
    assert "Left out 1 of 30 clips: missing or unreadable." in one.output
    shutil.rmtree(made)
    for path in broken[1:]:
        spoil(path)
    three = make(*arguments)
    assert three.exit_code == 2
    assert "3 of 30 source files are missing or cannot be read" in three.output
    assert "leave them out with --bad-files 10." in three.output
    assert make(*arguments, "--bad-files", 10).exit_code == 0
    assert len(labels_of(made / "x-v1-full")) == 27


@pytest.mark.parametrize("name", ["x" * 300, "é" * 150, "a\nb", "a\u2028b", "caf\udce9"])
def test_names_that_no_disk_or_line_takes_are_changed(name: str) -> None:
    stem = clip_stem(name)
    assert len(stem.encode()) <= 200 and stem.isprintable()
    assert stem != clip_stem(f"{name}2")
    assert clip_stem("plain name") == "plain name"


def test_names_that_join_to_more_than_a_disk_takes(tmp_path: Path, made: Path, make: Make) -> None:
    for split in SPLITS:
        for label in "ab":
            noise(tmp_path / split / label / ("d" * 150) / ("e" * 150) / "1.wav", 0.1, 8000)
    result = make("folders", "x", "--source", tmp_path)
    assert result.exit_code == 0, result.output
    assert len(labels_of(made / "x-v1-full")) == 6
    found = check_task(made / "x-v1-full", lambda done, total: None).findings
    assert {finding.kind for finding in found} == {"shared-audio"}  # the same noise in each


def test_a_task_name_that_results_could_not_carry_is_refused_first(
    tmp_path: Path, make: Make
) -> None:
    result = make("folders", "n" * 240, "--source", tmp_path)
    assert result.exit_code == 2
    assert "would have 248 characters" in result.output


def test_links_are_followed_and_circles_named(tmp_path: Path, made: Path, make: Make) -> None:
    raw = tmp_path / "raw"
    for split in SPLITS:
        for label in "ab":
            noise(tmp_path / "elsewhere" / split / label / f"{split}{label}.wav", 0.1, 8000)
    raw.mkdir()
    (raw / "train").symlink_to(tmp_path / "elsewhere" / "train")  # a folder of a split
    for split in SPLITS[1:]:
        (raw / split / "b").mkdir(parents=True)
        (raw / split / "a").symlink_to(tmp_path / "elsewhere" / split / "a")  # of a class
        for file in (tmp_path / "elsewhere" / split / "b").iterdir():
            (raw / split / "b" / file.name).symlink_to(file)  # a file
    (raw / "test" / "b" / "up").symlink_to(raw / "test")  # a circle
    (raw / "test" / "lost").symlink_to(tmp_path / "nowhere")
    result = make("folders", "x", "--source", raw)
    assert result.exit_code == 0, result.output
    assert len(labels_of(made / "x-v1-full")) == 6
    assert "up is a link to a folder that it lies in: not followed" in result.output
    assert "lost is a link to" in result.output and "which is not there" in result.output


def test_a_source_that_is_a_link(tmp_path: Path, made: Path, make: Make) -> None:
    for label in "ab":
        for index in range(5):
            noise(tmp_path / "elsewhere" / label / f"{label}{index}.wav", 0.1, 8000)
    (tmp_path / "raw").symlink_to(tmp_path / "elsewhere")
    result = make("folders", "x", "--source", tmp_path / "raw")
    assert result.exit_code == 0, result.output
    assert len(labels_of(made / "x-v1-full")) == 10
