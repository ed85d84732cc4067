"""Prints how far our Cnn14 is from that of PyPI's panns-inference, as JSON.

Upstream's network gets random weights and statistics, saves them as the authors' code does, and
ours loads the file through its public function.
"""

import importlib.util
import json
import math
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import torch

from benchmark.baselines import panns
from benchmark.baselines.panns import frames

SETTINGS = {
    "32 kHz": {"sample_rate": 32_000, "window_size": 1024, "hop_size": 320, "fmax": 14_000},
    "16 kHz": {"sample_rate": 16_000, "window_size": 512, "hop_size": 160, "fmax": 8_000},
}


def upstream_class() -> Any:
    """The Cnn14 class, without its package's __init__, which downloads a list of labels."""
    spec = importlib.util.find_spec("panns_inference")
    assert spec is not None
    package = types.ModuleType("panns_inference")
    package.__path__ = list(spec.submodule_search_locations or [])
    sys.modules["panns_inference"] = package
    return importlib.import_module("panns_inference.models").Cnn14


def signals(sample_rate: int) -> dict[str, torch.Tensor]:
    """Clips of different lengths, shape (1, samples)."""
    generator = torch.Generator().manual_seed(0)
    time = torch.arange(round(3.337 * sample_rate)) / sample_rate
    sweep = 0.5 * torch.sin(2 * math.pi * (50 * time + 1000 * time.square()))
    noise = 0.3 * torch.randn(6 * sample_rate, generator=generator)
    fading = noise * torch.linspace(0, 1, len(noise)).square()
    return {"sweep": sweep[None], "fading noise": fading[None]}


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Norm of the difference over the norm."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float((ours - theirs).norm() / theirs.norm())


def compare(
    upstream_class: Any, settings: dict[str, int], folder: Path
) -> dict[str, dict[str, float]]:
    """Largest differences by signal, for one sample rate."""
    torch.manual_seed(0)
    upstream = upstream_class(mel_bins=64, fmin=50, classes_num=527, **settings)
    for name, parameter in upstream.named_parameters():
        if ".bn" in name or name.endswith("bias"):
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    with torch.no_grad():
        for _ in range(8):  # statistics that fit the activations
            upstream(0.3 * torch.rand(2, 1) * torch.randn(2, settings["sample_rate"]))
    upstream.eval()
    path = folder / "upstream.pth"
    torch.save({"iteration": 0, "model": upstream.state_dict()}, path)
    model = panns.load_model(str(path))

    blocks: list[torch.Tensor] = []
    upstream.conv_block6.register_forward_hook(lambda *hooked: blocks.append(hooked[2]))
    differences = {}
    for name, audio in signals(settings["sample_rate"]).items():
        with torch.no_grad():
            output = upstream(audio)
            scene = panns.get_scene_embeddings(audio, model)
            probabilities = model.classify(scene).sigmoid()
        ours, _ = panns.get_timestamp_embeddings(audio, model)
        # As the authors' HEAR entry: repeat by 32, then the last one to the end.
        cells = blocks.pop().mean(dim=3).transpose(1, 2)
        log_mel_frames = torch.arange(1 + audio.shape[1] // settings["hop_size"])
        theirs = cells[:, (log_mel_frames // 32).clamp_max(cells.shape[1] - 1)]
        differences[name] = {
            "scene, relative": relative(scene, output["embedding"]),
            "scene, largest": float((scene - output["embedding"]).abs().max()),
            "frames, relative": relative(ours, theirs[:, ::4]),
            "class probabilities": float((probabilities - output["clipwise_output"]).abs().max()),
        }
    return differences


def main() -> None:
    """Compare at both rates; 6 s take ours two passes."""
    frames.PASS_FRAMES = 512
    cnn14 = upstream_class()
    with tempfile.TemporaryDirectory() as folder:
        found = {name: compare(cnn14, each, Path(folder)) for name, each in SETTINGS.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
