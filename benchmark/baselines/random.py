"""The untrained encoder: what the architecture alone is worth.

Weights are drawn with a fixed seed; the front end keeps the statistics of the bundled weights,
which are means and deviations of mel bands and nothing that was learnt.
"""

import torch

from msssl_hear import LICENCE, WEIGHTS, get_scene_embeddings, get_timestamp_embeddings
from msssl_hear.checkpoint import load_checkpoint
from msssl_hear.encoder import Encoder
from msssl_hear.model import HearModel
from msssl_hear.read_out import READ_OUTS, ReadOutName

__all__ = ["get_scene_embeddings", "get_timestamp_embeddings", "load_model"]

SEED = 0


def load_model(model_file_path: str = "") -> HearModel:
    """Draw an encoder.

    Args:
        model_file_path: Empty for the read-out of the bundled weights, or the name of another
            (``paper``, ``max_mean``, ``full``); there are no weights to load. The read-out
            ``scaled`` would need statistics of this encoder: where the bundled weights have it,
            this one has ``full``.

    Returns:
        The model on the CPU, in evaluation mode.

    Raises:
        ValueError: If anything else is given.
    """
    names = [name for name in READ_OUTS if name != "scaled"]
    read_out = next((name for name in names if name == model_file_path), None)
    if model_file_path and read_out is None:
        raise ValueError(
            "the untrained encoder has no weights to load, only a read-out can be named "
            f"({', '.join(names)}), got '{model_file_path}'"
        )
    log_mel, trained, card = load_checkpoint(WEIGHTS / "multi.safetensors")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        encoder = Encoder(trained.config)
    label = f"random:{read_out}" if read_out else "random"
    own: ReadOutName | None = card.get("read_out")
    if own == "scaled":
        own = "full"
    drawn = {"licence": LICENCE}  # as this package: nothing was learnt
    return HearModel(log_mel, encoder, drawn, label, read_out or own)
