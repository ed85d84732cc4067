"""COLA (Saeed et al. 2021, arXiv 2010.10915): the same encoder, trained with the clip loss alone.

Architecture, data, steps, batch and seed are those of the ``multi`` weights; alpha = beta = 0.
"""

from msssl_hear import get_scene_embeddings, get_timestamp_embeddings
from msssl_hear import load_model as load_encoder
from msssl_hear.model import HearModel

__all__ = ["get_scene_embeddings", "get_timestamp_embeddings", "load_model"]


def load_model(model_file_path: str = "") -> HearModel:
    """Load the bundled ``cola`` weights, or a checkpoint of the ``cola`` recipe.

    Args:
        model_file_path: Empty for the bundled weights, or a checkpoint that ``mspretrain`` wrote.

    Returns:
        The model on the CPU, in evaluation mode.
    """
    return load_encoder(model_file_path or "cola")
