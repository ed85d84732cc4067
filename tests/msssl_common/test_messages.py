"""Errors of the system in one sentence: what, where, what to do."""

import errno
import os
from pathlib import Path

import click
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from benchmark.cli.options import report_errors
from msssl_common.messages import explain_error, is_out_of_memory, reason_for_cell


def test_the_systems_errors_name_the_file_and_what_to_do(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out/x.json")
    assert explain_error(full) == (
        "out/x.json: No space left on device; make room there, "
        "then run the same command again to resume"
    )
    with pytest.raises(FileNotFoundError) as absent:
        (tmp_path / "a\x1bb").read_bytes()
    assert explain_error(absent.value).startswith(
        f"{tmp_path}/a\\x1bb: No such file or directory; "
    )
    with pytest.raises(OSError) as two:
        (tmp_path / "a").rename(tmp_path / "b")
    assert explain_error(two.value).startswith(f"{tmp_path}/a to {tmp_path}/b: No such file")
    assert explain_error(OSError("a sentence")) == "a sentence"
    assert explain_error(OSError(errno.ENOSPC, "No space left on device")).startswith(
        "No space left"
    )
    assert explain_error(ValueError("two\nlines")) == "two lines"
    assert explain_error(ValueError()) == "ValueError"


def test_want_of_memory_is_known_whoever_says_it() -> None:
    with pytest.raises(RuntimeError) as by_torch:
        torch.empty(1 << 50)
    with pytest.raises(MemoryError) as by_numpy:
        np.empty(1 << 55)
    for error in (by_torch.value, by_numpy.value, MemoryError(), torch.OutOfMemoryError("CUDA")):
        assert is_out_of_memory(error)
        assert explain_error(error).startswith("not enough memory")
        assert reason_for_cell(error, debug=False) == explain_error(error)
    assert not is_out_of_memory(RuntimeError("shapes differ"))
    assert reason_for_cell(RuntimeError("shapes differ"), False) == "RuntimeError: shapes differ"
    assert explain_error(MemoryError("64 clips do not fit; with --resume it goes on")).startswith(
        "64"
    )


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EROFS, "Read-only", "out")])
def test_commands_say_one_line(error: Exception) -> None:
    @click.command()
    @report_errors
    def command() -> None:
        raise error

    done = CliRunner().invoke(command)
    assert done.exit_code == 2
    assert done.output == f"Error: {explain_error(error)}\n"


def test_a_bug_is_not_hidden_in_a_line() -> None:
    @click.command()
    @report_errors
    def command() -> None:
        raise RuntimeError("a bug")

    assert isinstance(CliRunner().invoke(command).exception, RuntimeError)
