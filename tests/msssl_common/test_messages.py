"""Errors of the system in one sentence: what, where, what to do."""

import errno
import os
from pathlib import Path

import click
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from benchmark.cli.options import one_line
from msssl_common.messages import failure_reason, in_words, is_out_of_memory


def test_the_systems_errors_name_the_file_and_what_to_do(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out/x.json")
    assert in_words(full) == (
        "out/x.json: No space left on device; make room there; then the same command goes on"
    )
    with pytest.raises(FileNotFoundError) as absent:
        (tmp_path / "a\x1bb").read_bytes()
    assert in_words(absent.value).startswith(f"{tmp_path}/a\\x1bb: No such file or directory; ")
    with pytest.raises(OSError) as two:
        (tmp_path / "a").rename(tmp_path / "b")
    assert in_words(two.value).startswith(f"{tmp_path}/a to {tmp_path}/b: No such file")
    assert in_words(OSError("a sentence")) == "a sentence"
    assert in_words(OSError(errno.ENOSPC, "No space left on device")).startswith("No space left")
    assert in_words(ValueError("two\nlines")) == "two lines"
    assert in_words(ValueError()) == "ValueError"


def test_want_of_memory_is_known_whoever_says_it() -> None:
    with pytest.raises(RuntimeError) as by_torch:
        torch.empty(1 << 50)
    with pytest.raises(MemoryError) as by_numpy:
        np.empty(1 << 55)
    for error in (by_torch.value, by_numpy.value, MemoryError(), torch.OutOfMemoryError("CUDA")):
        assert is_out_of_memory(error)
        assert in_words(error).startswith("not enough memory")
        assert failure_reason(error, debug=False) == in_words(error)
    assert not is_out_of_memory(RuntimeError("shapes differ"))
    assert failure_reason(RuntimeError("shapes differ"), False) == "RuntimeError: shapes differ"
    assert in_words(MemoryError("64 clips do not fit; with --resume it goes on")).startswith("64")


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EROFS, "Read-only", "out")])
def test_commands_say_one_line(error: Exception) -> None:
    @click.command()
    @one_line
    def command() -> None:
        raise error

    done = CliRunner().invoke(command)
    assert done.exit_code == 2
    assert done.output == f"Error: {in_words(error)}\n"


def test_a_bug_is_not_hidden_in_a_line() -> None:
    @click.command()
    @one_line
    def command() -> None:
        raise RuntimeError("a bug")

    assert isinstance(CliRunner().invoke(command).exception, RuntimeError)
