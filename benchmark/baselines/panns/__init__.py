"""HEAR module of PANNs, the supervised baseline (Kong et al. 2020, arXiv 1912.10211).

``load_model("cnn14")`` and ``load_model("cnn14-16k")`` fetch the authors' AudioSet weights (about
330 MB) from Zenodo. Without a name, bundled stand-in weights of a smaller PANNs network, trained by
``pretrain.panns.train`` on the audio that our own encoders see: no official result, and labelled
so.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from benchmark.baselines.panns.checkpoints import load_weights
from benchmark.baselines.panns.cnn import Panns
from benchmark.baselines.panns.frames import clip_cells, frame_embeddings
from benchmark.baselines.panns.official import (
    OFFICIAL,
    Official,
    cached_checkpoint,
    recognise,
)
from msssl_hear import LICENCE

__all__ = ["get_scene_embeddings", "get_timestamp_embeddings", "load_model"]

STAND_IN = Path(__file__).parent / "weights" / "panns_cnn6.safetensors"
STAND_IN_LABEL = "panns-cnn6 (ours, same data, not official)"
OFFICIAL_ROW = "msbench run benchmark.baselines.panns=cnn14-16k"


def load_model(model_file_path: str = "") -> Panns:
    """Load a PANNs network.

    Args:
        model_file_path: Empty for the bundled stand-in, ``cnn14`` (32 kHz) or ``cnn14-16k`` for the
            authors' weights, or the path of a checkpoint of a Cnn14 or Cnn6 (``.pth`` as the
            authors save them, or ``.safetensors`` as ``pretrain.panns.train`` does).

    Returns:
        The network on the CPU, in evaluation mode. ``row_label`` and ``row_note`` say whose weights
        it has: the authors' only where the checksum says so.

    Raises:
        FileNotFoundError: There is no such file.
        DownloadError: The official weights cannot be fetched.
        ValueError: The file holds something else.
    """
    if not model_file_path:
        return _stand_in()
    if model_file_path in OFFICIAL:
        official = OFFICIAL[model_file_path]
        return _with_official_label(load_weights(cached_checkpoint(official))[0], official)
    path = Path(model_file_path)
    if not path.is_file():
        raise FileNotFoundError(
            f"'{path}' is neither a file nor one of the known names: {', '.join(OFFICIAL)}"
        )
    model, _ = load_weights(path)
    recognised = recognise(path)
    if recognised is not None:
        return _with_official_label(model, recognised)
    model.row_label = f"panns-{model.architecture.name} ({path.name}, checksum unknown)"
    model.row_note = f"{model.row_label}: weights from a local file, not known to be the authors'"
    return model


def get_scene_embeddings(audio: Tensor, model: Panns) -> Tensor:
    """The authors' clip embedding: maximum plus mean over time, then the embedding layer.

    Args:
        audio: Mono waveforms at ``model.sample_rate``, float in [-1, 1], shape (clips, samples).
        model: From ``load_model``.

    Returns:
        float32, shape (clips, model.scene_embedding_size). Clips under a second count as filled up
        with silence.
    """
    with torch.no_grad():
        return model.embed(clip_cells(model, audio))


def get_timestamp_embeddings(audio: Tensor, model: Panns) -> tuple[Tensor, Tensor]:
    """Outputs of the last convolutional block, averaged over frequency, every 40 ms.

    Args:
        audio: As for ``get_scene_embeddings``.
        model: From ``load_model``.

    Returns:
        Embeddings, float32, shape (clips, frames, model.timestamp_embedding_size), each the output
        for the 320 ms (Cnn14) or 160 ms (Cnn6) that hold its time; and the times in **ms**,
        float32, shape (clips, frames).
    """
    with torch.no_grad():
        return frame_embeddings(model, clip_cells(model, audio), audio.shape[1])


def _stand_in() -> Panns:
    if not STAND_IN.is_file():
        raise FileNotFoundError(
            f"the bundled stand-in weights are missing: there is no {STAND_IN}; train them with "
            f"pretrain.panns.train, or use the authors' (as in: {OFFICIAL_ROW})"
        )
    model, card = load_weights(STAND_IN)
    model.row_label = STAND_IN_LABEL
    model.row_note = (
        f"{STAND_IN_LABEL}: the PANNs architecture Cnn6 and recipe, trained with supervision on "
        f"{card['note']}; it is not the authors' network. The official row, PANNs Cnn14 trained on "
        f"AudioSet: {OFFICIAL_ROW}"
    )
    model.row_licence = LICENCE
    return model


def _with_official_label(model: Panns, official: Official) -> Panns:
    model.row_label = f"panns-{official.architecture.name}"
    model.row_note = (
        f"{model.row_label}: the authors' weights ({official.file}, Zenodo record 3987831), "
        f"trained with supervision on AudioSet (mAP {official.mean_average_precision})"
    )
    return model
