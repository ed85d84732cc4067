"""``msssl-hear export``."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

import msssl_hear
from msssl_hear.checkpoint import save_checkpoint
from msssl_hear.export.metadata import weights_sha256
from pretrain.cli.export import main
from tests.msssl_hear.export.models import small_model


def run(*arguments):
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom pretrain.cli.export import main\n"
        "try: main(['export', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'onnx', 'msssl_hear', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "msssl-hear export --format onnx\n" in shown.stdout


def test_a_checkpoint_by_its_path(tmp_path, monkeypatch):
    onnx = pytest.importorskip("onnx", reason="onnx is absent: pip install 'msssl-hear[onnx]'")
    monkeypatch.chdir(tmp_path)
    model = small_model("full")
    save_checkpoint(tmp_path / "mine.safetensors", model.log_mel, model.encoder, model.card)
    done = run("mine.safetensors:paper", "--format", "onnx")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("mine-paper.onnx: mine:paper, ")
    facts = {p.key: p.value for p in onnx.load("mine-paper.onnx").metadata_props}
    assert facts["weights_sha256"] == weights_sha256(
        msssl_hear.load_model("mine.safetensors:paper")
    )
    again = run("mine.safetensors:paper", "--format", "onnx")
    assert again.exit_code == 1
    assert again.output == (
        "Error: mine-paper.onnx is there already: give --out another name, or --force\n"
    )
    forced = run("mine.safetensors:paper", "--format", "onnx", "--force")
    assert forced.exit_code == 0, forced.output


@pytest.mark.parametrize("absent", ["onnx", "onnxruntime"])
def test_without_the_extra(tmp_path, monkeypatch, absent):
    monkeypatch.chdir(tmp_path)
    if absent == "onnxruntime":
        pytest.importorskip("onnx", reason="onnx is absent: pip install 'msssl-hear[onnx]'")
    for module in [name for name in sys.modules if name.startswith("msssl_hear.export.onnx")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, absent, None)
    done = run("--format", "onnx")
    assert done.exit_code == 1
    assert done.output == f"Error: ONNX files need {absent}: pip install 'msssl-hear[onnx]'\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mulit", "--format", "onnx"), "'mulit' is neither a file nor one of the known weights"),
        (("--format", "tflite"), "'tflite' is not one of"),
        ((), "Missing option '--format'"),
    ],
)
def test_what_cannot_be(arguments, said):
    done = run(*arguments)
    assert done.exit_code in (1, 2)
    assert said in done.output
