"""The HEAR model: audio of any length through a tower, window by window."""

from __future__ import annotations

import json
from importlib import metadata

import torch
from torch import Tensor, nn

from benchmark.adapters.checkpoint_name import CheckpointName
from benchmark.adapters.hub import CheckpointError, CheckpointFiles
from benchmark.adapters.pretrained import load_tower
from benchmark.adapters.tower import Tower

PASS_SECONDS = 60
"""Most audio in one pass, over all clips of a batch, or a single window."""

SAMPLE_RATES = (16000, 22050, 32000, 44100, 48000)
"""Hz; those that HEAR's tasks come in."""

LIBRARIES = ("transformers", "torchaudio")
"""Code beside the model's own that prepares audio: AST's extractor uses torchaudio where it is."""


class TransformersModel(nn.Module):
    """A checkpoint of transformers as HEAR asks (https://hearbenchmark.com/hear-api.html).

    Args:
        checkpoint: Which, and the layer to read.

    Raises:
        CheckpointError: It cannot be had or used.
    """

    def __init__(self, checkpoint: CheckpointName) -> None:
        super().__init__()
        tower, files, layers = load_tower(checkpoint)
        self.tower = tower
        self.grid = tower.grid
        self.model_rate = int(tower.extractor.sampling_rate)
        self.sample_rate = hear_rate(self.model_rate)
        self.timestamp_embedding_size = int(tower.size)
        self.scene_embedding_size = int(tower.scene_size)
        self.row_label = checkpoint.title
        self.row_note = _note(checkpoint, files, layers)
        self.row_licence = files.licence
        self._facts = _facts(tower)
        self.eval()

    def get_extra_state(self) -> str:
        """What embeddings depend on and is no weight, for the hash of the weights.

        That is the model's configuration, the feature extractor's, and versions of libraries.
        """
        return self._facts

    def set_extra_state(self, state: str) -> None:
        """Nothing: these facts are read, not set."""

    def frames(self, audio: Tensor) -> tuple[Tensor, Tensor | None]:
        """Embed the frames of clips.

        Args:
            audio: Mono waveforms at ``sample_rate``, float, shape (clips, samples).

        Returns:
            Frames, float32, shape (clips, frames, timestamp_embedding_size); and the model's own
            embedding of the clips, the mean over their windows, or None where it has none.
        """
        _check(audio)
        prepared = self.tower.prepare(self._at_model_rate(audio.float()))
        frames, own = [], []
        for window in self.grid.windows(prepared.shape[1]):
            kept = slice(window.skipped, window.skipped + window.kept)
            embedded, whole = self._embed(prepared[:, window.start : window.stop])
            frames.append(embedded[:, kept])
            own += [] if whole is None else [whole]
        return torch.cat(frames, dim=1), torch.stack(own).mean(dim=0) if own else None

    def _embed(self, audio: Tensor) -> tuple[Tensor, Tensor | None]:
        """A window of all clips, a few clips at a time."""
        samples = max(audio.shape[1], self.tower.pass_samples)
        group = max(1, PASS_SECONDS * self.model_rate // samples)
        parts = [self.tower.embed(clips) for clips in torch.split(audio, group)]
        own = [whole for _, whole in parts if whole is not None]
        return torch.cat([frames for frames, _ in parts]), torch.cat(own) if own else None

    def scenes(self, audio: Tensor) -> Tensor:
        """One embedding per clip: the model's own, or the mean of its frames.

        Returns:
            float32, shape (clips, scene_embedding_size).
        """
        frames, own = self.frames(audio)
        return frames.mean(dim=1) if own is None else own

    def times(self, samples: int) -> Tensor:
        """Centres of the frames of a clip of that many samples at ``sample_rate``, ms, float32."""
        centres = self.grid.times_ms(self._model_samples(samples), self.model_rate)
        return torch.tensor(centres, dtype=torch.float64).float()

    def _model_samples(self, samples: int) -> int:
        return max(1, round(samples * self.model_rate / self.sample_rate))

    def _at_model_rate(self, audio: Tensor) -> Tensor:
        """Resample with soxr "HQ", as msbench and HEAR do, where HEAR has not the model's rate."""
        if self.model_rate == self.sample_rate:
            return audio
        import soxr

        clips = soxr.resample(
            audio.cpu().numpy().T, self.sample_rate, self.model_rate, quality="HQ"
        )
        wanted = self._model_samples(audio.shape[1])
        resampled = torch.from_numpy(clips.T[:, :wanted]).to(audio)
        return nn.functional.pad(resampled, (0, wanted - resampled.shape[1]))


def hear_rate(model_rate: int) -> int:
    """The rate of HEAR's to ask for: the model's own, or the nearest higher one.

    Raises:
        CheckpointError: There is none.
    """
    for rate in SAMPLE_RATES:
        if rate >= model_rate:
            return rate
    raise CheckpointError(
        f"a model of {model_rate} Hz has no audio in HEAR, whose highest rate is {SAMPLE_RATES[-1]}"
    )


def _note(checkpoint: CheckpointName, files: CheckpointFiles, layers: int) -> str:
    """What a table must say of the row: whose weights, which, and which layer."""
    where = f"the hub's commit {files.commit}" if files.commit else "a local folder"
    kind = "" if files.weights[0].suffix == ".safetensors" else ", pickled tensors"
    parts = [
        f"{checkpoint.title}: {checkpoint.name}, {where}",
        f"SHA-256 of the weights {files.weights_sum()[:16]}{kind}",
        f"transformers {metadata.version('transformers')}",
    ]
    if isinstance(checkpoint.layer, int):
        parts.insert(1, f"layer {checkpoint.layer} of {layers}")
    elif checkpoint.layer == "mean":
        parts.insert(1, f"mean of layers 0 to {layers}")
    if checkpoint.trust_remote_code:
        parts.append("with Python code of the checkpoint")
    return "; ".join(parts)


def _facts(tower: Tower) -> str:
    config = tower.config.to_dict()
    for about in ("_name_or_path", "transformers_version"):
        config.pop(about, None)
    facts = {
        "config": config,
        "extractor": tower.extractor.to_dict(),
        "layer": tower.layer,
        "versions": {name: _version(name) for name in LIBRARIES},
    }
    return json.dumps(facts, sort_keys=True, default=str)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _check(audio: Tensor) -> None:
    if audio.ndim != 2 or not audio.is_floating_point() or audio.numel() == 0:
        raise ValueError(
            "audio must be non-empty floating point of shape (clips, samples), got "
            f"{audio.dtype} of shape {tuple(audio.shape)}"
        )
