"""The untrained encoder: what the architecture alone is worth.

Weights are drawn with a fixed seed; the front end keeps the statistics of the bundled weights,
which are means and deviations of mel bands and nothing that was learnt.
"""

import torch

from msssl_hear import WEIGHTS, get_scene_embeddings, get_timestamp_embeddings
from msssl_hear.checkpoint import load_checkpoint
from msssl_hear.encoder import Encoder
from msssl_hear.model import HearModel

__all__ = ["get_scene_embeddings", "get_timestamp_embeddings", "load_model"]

SEED = 0


def load_model(model_file_path: str = "") -> HearModel:
    """Draw an encoder.

    Args:
        model_file_path: Must be empty: there is nothing to load.

    Returns:
        The model on the CPU, in evaluation mode.

    Raises:
        ValueError: If a path is given.
    """
    if model_file_path:
        raise ValueError(f"the untrained encoder has no weights to load, got '{model_file_path}'")
    log_mel, trained, card = load_checkpoint(WEIGHTS / "multi.safetensors")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        encoder = Encoder(trained.config)
    return HearModel(log_mel, encoder, {}, "random", card.get("read_out"))
