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


def test_a_run_folder_names_its_weights(tmp_path):
    (tmp_path / "weights.safetensors").touch()
    with pytest.raises(FileNotFoundError, match=r"is a folder: give .*weights\.safetensors$"):
        load_checkpoint(tmp_path)


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


@pytest.mark.parametrize(
    ("part", "change", "sentence"),
    [
        ("encoder", {"size": 2**40}, "must lie between 0 and 65536"),
        ("encoder", {"width": 60_000.0}, "needs"),  # terabytes, if it were built
        ("encoder", {"depth": 60_000.0}, "more blocks than it has tensors"),
        ("encoder", {"depth": 10**400}, "must lie between"),
        ("encoder", {"width": "1"}, "does not describe this encoder"),
        ("encoder", {"\x1b[31m": 1}, r"\\x1b\[31m"),
        ("log_mel", {"log_offset": "x"}, "log_offset must be a number"),
        ("log_mel", {"hop_length": -1, "win_length": 0}, "must lie between"),
        ("log_mel", {"n_mels": True}, "n_mels must be a whole number"),
        ("log_mel", {"log_offset": float("nan")}, "must lie between"),
    ],
)
def test_a_card_that_asks_for_nonsense(saved, part, change, sentence):
    rewrite(saved[0], lambda tensors, card: card[part].update(change))
    with pytest.raises(ValueError, match=sentence) as caught:
        load_checkpoint(saved[0])
    assert str(caught.value).isprintable()


def test_weights_that_are_no_numbers(saved):
    def change(tensors, card):
        tensors["encoder.norm.weight"][3] = float("nan")

    rewrite(saved[0], change)
    with pytest.raises(ValueError, match=r"'norm.weight' has NaN or infinite numbers"):
        load_checkpoint(saved[0])


@pytest.mark.parametrize("kind", [torch.int8, torch.uint8, torch.bool, torch.int64])
def test_weights_that_are_whole_numbers_are_no_weights(saved, kind):
    def change(tensors, card):
        tensors["encoder.norm.weight"] = tensors["encoder.norm.weight"].to(kind)

    rewrite(saved[0], change)
    with pytest.raises(ValueError, match=r"'encoder.norm.weight' holds numbers of type \w+, which"):
        load_checkpoint(saved[0])


def test_loading_draws_no_random_numbers_on_the_way_to_the_network(saved):
    torch.manual_seed(0)
    _, encoder, _ = load_checkpoint(saved[0])
    Encoder(encoder.config)
    after = torch.rand(1)
    torch.manual_seed(0)
    Encoder(encoder.config), Encoder(encoder.config)
    assert torch.equal(torch.rand(1), after)
