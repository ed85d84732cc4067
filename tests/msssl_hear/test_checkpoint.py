"""Checkpoints: exact round trip, and one sentence for each way a file can be wrong."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from msssl_hear.checkpoint import load_checkpoint, save_checkpoint
from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_mel import LogMel

CONFIG = EncoderConfig(width=0.25, depth=0.2, size=16)


@pytest.fixture
def saved(tmp_path):
    log_mel, encoder = LogMel(), Encoder(CONFIG)
    log_mel.mean.uniform_(-9, -3)
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, log_mel, encoder, {"recipe": "none"}, dtype=torch.float32)
    return path, log_mel, encoder


def rewrite(path, change):
    with safe_open(path, framework="pt") as file:
        card = json.loads(file.metadata()["card"])
    tensors = load_file(path)
    change(tensors, card)
    save_file(tensors, path, metadata={"card": json.dumps(card)})


def test_round_trip(saved):
    path, log_mel, encoder = saved
    log_mel2, encoder2, card = load_checkpoint(path)
    assert card["recipe"] == "none"
    assert card == json.loads(path.with_suffix(".json").read_text())
    assert not list(path.parent.glob("*.part"))
    audio = torch.randn(1, 8000)
    encoder.eval()
    assert torch.equal(encoder(log_mel(audio)), encoder2(log_mel2(audio)))


def test_half_precision_changes_little(saved, tmp_path):
    _, log_mel, encoder = saved
    save_checkpoint(tmp_path / "half.safetensors", log_mel, encoder.eval(), {})
    log_mel2, half, _ = load_checkpoint(tmp_path / "half.safetensors")
    assert torch.equal(log_mel2.mean, log_mel.mean)
    x = torch.randn(4, 96, 64)
    assert (half(x) - encoder(x)).norm() < 3e-3 * encoder(x).norm()


def test_missing_file():
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        load_checkpoint("nowhere.safetensors")


def test_not_safetensors(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"garbage" * 10)
    with pytest.raises(ValueError, match="cannot be read as safetensors"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_foreign_safetensors(tmp_path):
    save_file({"w": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="holds no card"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_another_shape(saved):
    def change(tensors, card):
        tensors["encoder.norm.weight"] = torch.zeros(17)

    rewrite(saved[0], change)
    with pytest.raises(ValueError, match=r"'norm.weight' has shape \(17,\).*needs \(16,\)"):
        load_checkpoint(saved[0])


def test_lacking_weight(saved):
    rewrite(saved[0], lambda tensors, card: tensors.pop("log_mel.mean"))
    with pytest.raises(ValueError, match="lacks the weight 'mean'"):
        load_checkpoint(saved[0])


def test_unknown_setting(saved):
    rewrite(saved[0], lambda tensors, card: card["encoder"].update(colour="red"))
    with pytest.raises(ValueError, match="does not describe this encoder"):
        load_checkpoint(saved[0])
