"""A HEAR module of the bundled weights whose scenes are by the ``full`` read-out."""

from msssl_hear import get_scene_embeddings, get_timestamp_embeddings
from msssl_hear import load_model as load_bundled
from msssl_hear.model import HearModel

__all__ = ["get_scene_embeddings", "get_timestamp_embeddings", "load_model"]


def load_model(model_file_path: str = "") -> HearModel:
    bundled = load_bundled(model_file_path)
    label = f"{bundled.row_label}, full read-out"
    return HearModel(bundled.log_mel, bundled.encoder, bundled.card, label, "full")
