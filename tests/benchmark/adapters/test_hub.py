"""Checkpoints from a small hub on this machine, and from one that is not there."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from benchmark.adapters import transformers as hear
from benchmark.adapters.checkpoint_name import parse
from benchmark.adapters.hub import CheckpointError, CheckpointFiles, facts_of, weights_of
from tests.benchmark.adapters.conftest import Made
from tests.benchmark.adapters.small_hub import COMMIT, MODEL, SmallHub, running

huggingface_hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")


@pytest.fixture
def hub(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    """A hub that has the small HuBERT, with files that nobody needs, and an empty cache."""
    folder = shutil.copytree(made("hubert"), tmp_path / "served")
    (folder / "README.md").write_text("---\ntags: x\nlicense: cc-by-nc-4.0\n---\n# A card\n")
    (folder / "tf_model.h5").write_bytes(b"\0" * 100)
    (folder / "modeling_own.py").write_text("raise SystemExit('code ran')")
    with running(folder) as served:
        constants = huggingface_hub.constants
        monkeypatch.setattr(constants, "ENDPOINT", served.address)
        template = served.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield served


def test_a_checkpoint_of_the_hub_is_that_of_the_folder(hub: SmallHub, made: Made) -> None:
    model = hear.load_model(f"{MODEL}@v1?layer=1")
    audio = torch.linspace(-1, 1, 8000)[None]
    expected = hear.get_scene_embeddings(audio, hear.load_model(f"{made('hubert')}?layer=1"))
    torch.testing.assert_close(hear.get_scene_embeddings(audio, model), expected)
    weights = (made("hubert") / "model.safetensors").read_bytes()
    assert model.row_label == "small-model@v1 layer 1"
    assert f"someone/small-model, the hub's commit {COMMIT}" in model.row_note
    assert hashlib.sha256(weights).hexdigest()[:16] in model.row_note
    assert model.row_licence == "cc-by-nc-4.0"
    assert sorted(hub.asked) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    ]


def test_the_number_of_layers_needs_no_weights(hub: SmallHub) -> None:
    rows = hear.checkpoints(f"{MODEL}?layer=all")
    assert rows == [f"{MODEL}?layer={layer}" for layer in range(3)]
    assert sorted(hub.asked) == ["README.md", "config.json", "preprocessor_config.json"]


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: mit\n---\n", "mit"),
        ("---\nlicense: 'apache-2.0'\n---\nlicense: mit", "apache-2.0"),
        ("---\nlicense: other\n---\n", ""),
        ("---\ntags: x\n---\nlicense: mit\n", ""),
        ("license: mit\n", ""),
        (None, ""),
    ],
)
def test_a_card_names_the_licence_at_its_head(
    tmp_path: Path, card: str | None, licence: str
) -> None:
    if card is not None:
        (tmp_path / "README.md").write_text(card)
    assert CheckpointFiles(tmp_path, None).licence == licence


def test_what_was_fetched_is_found_again_without_a_connection(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hear.load_model(MODEL).row_note
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    asked = len(hub.asked)
    assert hear.load_model(MODEL).row_note == first
    assert len(hub.asked) == asked


@pytest.mark.parametrize("safetensors", [True, False])
def test_pickled_weights_come_only_where_there_are_no_others(
    hub: SmallHub, safetensors: bool
) -> None:
    path = hub.folder / "model.safetensors"
    torch.save(load_file(path), hub.folder / "pytorch_model.bin")
    if not safetensors:
        path.unlink()
    assert ("pickled tensors" in hear.load_model(MODEL).row_note) is not safetensors
    assert ("pytorch_model.bin" in hub.asked) is not safetensors


def test_weights_that_are_damaged_are_refused(hub: SmallHub) -> None:
    hub.broken = True
    with pytest.raises(CheckpointError, match="is damaged: its SHA-256"):
        hear.load_model(MODEL)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("someone/nothing", "neither a folder nor a model 'someone/nothing' on the hub"),
        ("someone/gated-model", "is gated: accept its conditions"),
        (f"{MODEL}@v2", f"'{MODEL}' has no revision 'v2'"),
        ("./nowhere", "no folder './nowhere'"),
        ("not an id", "neither a folder nor an id of the hub"),
    ],
)
def test_what_is_not_there(name: str, said: str, hub: SmallHub) -> None:
    with pytest.raises(CheckpointError, match=said):
        hear.load_model(name)


def test_without_a_connection(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match=r"\(no connection: .*give the folder"):
        hear.load_model(MODEL)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match="HF_HUB_OFFLINE is set"):
        hear.load_model(f"{MODEL}@v1")


def test_a_model_without_weights_for_torch(hub: SmallHub) -> None:
    (hub.folder / "model.safetensors").unlink()
    checkpoint = parse(MODEL)
    with pytest.raises(CheckpointError, match="no weights for torch"):
        weights_of(checkpoint, facts_of(checkpoint))


def test_code_of_a_checkpoint_is_not_even_fetched_unasked(hub: SmallHub) -> None:
    facts_of(parse(MODEL))
    assert "modeling_own.py" not in hub.asked
    facts_of(parse(f"{MODEL}?trust_remote_code=yes"))
    assert "modeling_own.py" in hub.asked
