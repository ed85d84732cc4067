"""``msbench embed``."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result

from benchmark.cli import main
from tests.benchmark.fake_modules import write_module
from tests.benchmark.file_embeddings.audio import noise, write


def _embed(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["embed", *map(str, arguments)], input=given)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom benchmark.cli import main\n"
        "try: main(['embed', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'soundfile', 'pandas', 'pyarrow', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "msbench embed msssl_hear recordings/ --out embeddings\n" in shown.stdout


def test_files_folders_and_a_list(modules: Path) -> None:
    for name in ("a/1.wav", "a/2.wav", "b.wav", "c.wav"):
        write(modules / name, noise(0.3), 8_000)
    (modules / "list.txt").write_text("c.wav\n")
    module = write_module(modules)
    done = _embed(
        module, "b.wav", "a", "--list", "list.txt", "--out", "out", "--kind", "both",
        "--format", "npz", "--device", "cpu",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert (
        "out: files embedded: 4 (0.0 min).\nFiles at a lower sample rate than the model's: 4;"
        in done.output
    )
    with np.load("out/scene/00000.npz", allow_pickle=False) as arrays:
        assert arrays["path"].tolist() == ["b.wav", "a/1.wav", "a/2.wav", "c.wav"]
    assert Path("out/timestamps/00000.npz").is_file()
    piped = _embed(
        module, "--list", "-", "--out", "other", "--format", "npz", "--device", "cpu",
        given="b.wav\n",
    )  # fmt: skip
    assert piped.exit_code == 0, piped.output
    assert "other: files embedded: 1 " in piped.output


def test_exit_status_says_what_was_skipped(modules: Path) -> None:
    write(modules / "a.wav", noise(0.3))
    (modules / "b\x1b[31m.wav").write_text("no audio")
    how = ("--format", "npz", "--device", "cpu")
    done = _embed(write_module(modules), ".", "--out", "out", *how)
    assert done.exit_code == 1
    assert "1 skipped; out/failed.csv has them all:\n  b\\x1b[31m.wav cannot be read" in done.output
    assert "\x1b" not in done.output + Path("out/failed.csv").read_text()
    nothing = _embed(write_module(modules), "--out", "out2", *how)
    assert nothing.exit_code == 2
    assert "Error: There is nothing to embed" in nothing.output
    unknown = _embed("no_such_module", ".", "--out", "out3", *how)
    assert unknown.exit_code == 2 and "No module named 'no_such_module'" in unknown.output
