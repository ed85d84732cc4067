"""YAML means what it looks like, or is refused in one sentence that names the file."""

from pathlib import Path

import pytest

from msssl_common.yaml_files import read_yaml_table


def read(folder: Path, text: str | bytes) -> dict[str, object]:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml_table(path, "a recipe")


def test_plain_values_are_as_they_look(tmp_path: Path) -> None:
    text = "a: 10\nb: 0\nc: -0.5\nd: 1_000\ne: 0x10\nf: .nan\ng: 2022-05-01\nh: '010'\ni: {a: 1}\n"
    found = read(tmp_path, text)
    assert [found[name] for name in "abcdehi"] == [10, 0, -0.5, 1000, 16, "010", {"a": 1}]
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\r\n") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("run:\n  steps: 1\n  steps: 2\n", "'steps' comes twice in one table"),
        ("run: {steps: 1}\nrun: {seed: 1}\n", "'run' comes twice in one table"),
        ("data: {a: [{b: 1, b: 2}]}", "'b' comes twice in one table"),
        ("a: 1\n'a': 2\n", "'a' comes twice in one table"),
        ("seed: 010", "010 is read to the base of 8 or 60"),
        ("seed: -0_10", "is read to the base of 8 or 60"),
        ("crop: 1:36", "1:36 is read to the base of 8 or 60"),
        ("crop: 1:36.5", "1:36.5 is read to the base of 8 or 60"),
        ("seed: " + 5000 * "9", "cannot be read: Exceeds the limit"),
        ("name: 2022-13-45", "'2022-13-45' cannot be read: month must be in 1..12"),
        ("a: 1\n\tb: 2\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML: expected a single document"),
        ("? [a]\n: 1\n", "not YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "not YAML"),
        ("a: 1".encode("utf-16"), "not YAML: 'utf-8' codec"),
        ("- a\n", "a recipe is a table of names and values"),
        ("a: \0", "not YAML"),
    ],
)
def test_what_is_not_is_refused_by_name(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "file.yaml"))
    assert sentence in str(caught.value) and "\n" not in str(caught.value)
