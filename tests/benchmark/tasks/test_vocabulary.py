from pathlib import Path

import pytest

from benchmark.tasks.metadata import read_vocabulary


def read(tmp_path: Path, text: str) -> tuple[str, ...]:
    (tmp_path / "labelvocabulary.csv").write_text(text, encoding="utf-8")
    return read_vocabulary(tmp_path)


def test_labels_are_ordered_by_index_and_stay_text(tmp_path: Path) -> None:
    assert read(tmp_path, "idx,label\r\n1,10\r\n0,none\r\n2,nan\r\n") == ("none", "10", "nan")


def test_quotes_and_a_byte_order_mark(tmp_path: Path) -> None:
    assert read(tmp_path, '\ufeffidx,label\n0,"a, b"\n') == ("a, b",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the first line must be 'idx,label'"),
        ("0,cat\n1,dog\n", "the first line must be 'idx,label'"),
        ("idx,label\n", "lists no label"),
        ("idx,label\n0,cat\n2,dog\n", "from 0 to 1 for 2 labels, but idx 1 is missing"),
        ("idx,label\n1,cat\n2,dog\n", "idx 0 is missing"),
        ("idx,label\n0,cat\n0,dog\n", "idx 0 comes twice ('cat' and 'dog')"),
        ("idx,label\n0,cat\n1,cat\n", "label 'cat' has both idx 0 and 1"),
        ("idx,label\nzero,cat\n", "idx must be a number from 0 on, but one row has 'zero'"),
        ("idx,label\n-1,cat\n", "idx must be a number from 0 on, but one row has '-1'"),
        ("idx,label\n0\n", "idx 0 has no label"),
        ("idx,label\n0,dog, barking\n", "idx 0 has more cells than the first line"),
        ("idx,label,label\n0,cat,dog\n", "the first line must be 'idx,label'"),
        ("idx,label\n" + 5000 * "9" + ",cat\n", "idx must be a number from 0 on, but one row has"),
    ],
)
def test_bad_vocabularies(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "labelvocabulary.csv") in str(caught.value)
    assert sentence in str(caught.value)


def test_missing_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"labelvocabulary.csv is missing"):
        read_vocabulary(tmp_path)


def test_vocabulary_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "labelvocabulary.csv").write_bytes(b"idx,label\n0,\xff\n")
    with pytest.raises(ValueError, match=r"labelvocabulary.csv is not UTF-8 text"):
        read_vocabulary(tmp_path)
