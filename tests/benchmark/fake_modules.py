"""Tiny HEAR modules written to a folder, one behaviour changed at a time."""

import itertools
from pathlib import Path

SOURCE = """
import torch

class Model(torch.nn.Module):
    def __init__(self, path=""):
        super().__init__()
        self.sample_rate = 16000
        self.scene_embedding_size = 4
        self.timestamp_embedding_size = 4
        self.weight = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0, 4.0]))
        self.path = path
{extra_init}

def load_model(path=""):
{load}
    return Model(path)

def get_timestamp_embeddings(audio, model):
    frames = torch.nn.functional.pad(audio, (0, 800 - audio.shape[1] % 800)).unflatten(1, (-1, 800))
    energy = frames.square().mean(dim=2, keepdim=True)
    embeddings = energy * model.weight
    timestamps = (torch.arange(energy.shape[1]) * 50.0).expand(len(audio), -1)
{timestamp}
    return embeddings, timestamps

def get_scene_embeddings(audio, model):
    embeddings = audio.square().mean(dim=1, keepdim=True) * model.weight
{scene}
    return embeddings
"""

_numbers = itertools.count()


def write_module(
    folder: Path,
    *,
    name: str | None = None,
    extra_init: str = "",
    load: str = "",
    scene: str = "",
    timestamp: str = "",
    source: str = SOURCE,
) -> str:
    """Write a HEAR module with extra statements in its functions; returns its import name.

    Names are new each time, since Python keeps imported modules.
    """
    name = name or f"fake_hear_{next(_numbers)}"
    indent = {"extra_init": 8, "load": 4, "scene": 4, "timestamp": 4}
    lines = {"extra_init": extra_init, "load": load, "scene": scene, "timestamp": timestamp}
    for key, text in lines.items():
        block = "\n".join(" " * indent[key] + line for line in text.splitlines())
        source = source.replace("{" + key + "}", block)
    (folder / f"{name}.py").write_text(source)
    return name
