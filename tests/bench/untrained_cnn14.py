"""A HEAR module of PANNs' Cnn14 without its weights, which take 330 MB of download."""

import torch

from benchmark.baselines.panns import get_scene_embeddings, get_timestamp_embeddings
from benchmark.baselines.panns.cnn import CNN14, Panns

__all__ = ["get_scene_embeddings", "get_timestamp_embeddings", "load_model"]


def load_model(model_file_path: str = "") -> Panns:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Panns(CNN14, classes=527).eval()
