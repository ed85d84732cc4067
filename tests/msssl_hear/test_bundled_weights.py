"""The bundled weights: cards, equal budgets, and embeddings that do not change unnoticed."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import msssl_hear

STORED = Path(__file__).parent / "stored_embeddings.json"
"""Made by ``python -m tests.msssl_hear.test_bundled_weights`` when weights change on purpose."""


def chirp() -> torch.Tensor:
    """One second from 100 to 3100 Hz, amplitude 0.5, shape (1, 16000)."""
    time = np.arange(16_000) / 16_000
    return torch.from_numpy(0.5 * np.sin(2 * np.pi * (100 * time + 1500 * time**2))).float()[None]


def some_of(name: str) -> dict[str, list[float]]:
    model = msssl_hear.load_model(name)
    with torch.inference_mode():
        scene = msssl_hear.get_scene_embeddings(chirp(), model)
        frames, timestamps = msssl_hear.get_timestamp_embeddings(chirp(), model)
    return {
        "scene": scene[0, ::64].tolist(),
        "frames": frames[0, ::5, ::128].flatten().tolist(),
        "timestamps_ms": timestamps[0].tolist(),
    }


@pytest.mark.parametrize("name", msssl_hear.KNOWN_WEIGHTS)
def test_embeddings_are_the_stored_ones(name):
    stored = json.loads(STORED.read_text())[name]
    for key, values in some_of(name).items():
        np.testing.assert_allclose(values, stored[key], atol=1e-3)


@pytest.mark.parametrize("name", msssl_hear.KNOWN_WEIGHTS)
def test_the_card_beside_the_weights_is_the_card_inside(name):
    card = json.loads((msssl_hear.WEIGHTS / f"{name}.json").read_text())
    assert card == msssl_hear.load_model(name).card
    assert card["recipe"] == name.removesuffix("_debian")


@pytest.mark.parametrize("names", [("multi", "cola"), ("multi_branch", "cola_debian")])
def test_both_of_a_pair_had_the_same_budget(names):
    multi, cola = (msssl_hear.load_model(name).card for name in names)
    for key in ("data", "steps", "batch_size", "seed", "log_mel"):
        assert multi[key] == cola[key]


def test_multi_and_cola_differ_in_the_weights_of_two_losses():
    multi, cola = (msssl_hear.load_model(name).card for name in ("multi", "cola"))
    assert multi["encoder"] == cola["encoder"]
    differing = {
        (section, key)
        for section, values in multi["settings"].items()
        for key, value in values.items()
        if value != cola["settings"][section][key]
    }
    assert differing == {("loss", "frame_weight"), ("loss", "pitch_weight")}


if __name__ == "__main__":
    STORED.write_text(
        json.dumps({name: some_of(name) for name in msssl_hear.KNOWN_WEIGHTS}, indent=1) + "\n"
    )
