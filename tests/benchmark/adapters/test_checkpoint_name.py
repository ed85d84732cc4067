"""What stands behind the = of benchmark.adapters.transformers."""

from pathlib import Path

import pytest

from benchmark.adapters.checkpoint_name import CheckpointName, parse


@pytest.mark.parametrize(
    ("text", "expected", "title"),
    [
        ("facebook/hubert-base-ls960", ("facebook/hubert-base-ls960",), "hubert-base-ls960"),
        ("a/b@v1.0", ("a/b", "v1.0"), "b@v1.0"),
        ("a/b@refs/pr/3?layer=0", ("a/b", "refs/pr/3", 0), "b@refs/pr/3 layer 0"),
        ("a/b?layer=mean", ("a/b", None, "mean"), "b mean of layers"),
        ("a/b?layer=all", ("a/b", None, "all"), "b layer all"),
        ("a/b?trust_remote_code=yes&layer=12", ("a/b", None, 12, True), "b layer 12"),
        ("a/b?trust_remote_code=no", ("a/b", None, None, False), "b"),
    ],
)
def test_what_is_read(text: str, expected: tuple, title: str) -> None:
    checkpoint = parse(text)
    assert checkpoint == CheckpointName(*expected)
    assert checkpoint.title == title
    assert parse(str(checkpoint)) == checkpoint


@pytest.mark.parametrize("name", ["plain", "with@sign", "what?layer=7"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    for options, layer in (("", None), ("?layer=3", 3)):
        checkpoint = parse(f"{folder}{options}")
        assert (checkpoint.name, checkpoint.revision, checkpoint.layer) == (
            str(folder),
            None,
            layer,
        )
        assert checkpoint.is_folder
        assert checkpoint.title.startswith(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name a checkpoint"),
        ("a/b?layer=-1", "'layer=-1' is no option"),
        ("a/b?layer=last", "'layer=last' is no option"),
        ("a/b?layers=3", "layer=NUMBER"),
        ("a/b?trust_remote_code", "is no option"),
        ("a/b@", "names no revision"),
        (".@main", "has no revisions"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)
