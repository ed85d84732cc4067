"""Audio and embeddings that the checks make themselves: nothing is downloaded or carried."""

from __future__ import annotations

from pathlib import Path

import soundfile
import torch
from torch import Tensor

from pretrain.data.corpus import Corpus
from pretrain.data.synthesis.clips import synthetic_clips
from tests.parity.made_embeddings import MadeTask, write_embeddings

SAMPLE_RATE = 16_000  # Hz
CLASSES = tuple(f"class {index:02d}" for index in range(50))
SCENE_CLIPS = {"train": 1600, "valid": 400, "test": 400}  # as many as ESC-50 has with folds
FEW_SCENE_CLIPS = {"train": 400, "valid": 200, "test": 400}
EVENT_CLASSES = CLASSES[:11]  # as many as DCASE 2016's remix
EVENT_CLIPS = {"train": 60, "valid": 15, "test": 15}  # of eight seconds
FEW_EVENT_CLIPS = {"train": 15, "valid": 8, "test": 8}
SIZE = 512  # of an embedding


def made_waveforms(clips: int, seconds: float) -> Tensor:
    """Tones in noise, in [-1, 1], float32, shape (clips, samples)."""
    generator = torch.Generator().manual_seed(0)
    times = torch.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitches = 110.0 * 2 ** torch.linspace(0, 4, clips)
    tones = torch.sin(2 * torch.pi * pitches[:, None] * times)
    noise = torch.randn(clips, len(times), generator=generator)
    return 0.3 * tones + 0.05 * noise


def write_corpus(folder: Path, clips: int) -> Path:
    """Write synthetic clips as wav files; returns the folder."""
    folder.mkdir(parents=True)
    for number, clip in enumerate(synthetic_clips(clips, 1, SAMPLE_RATE)):
        soundfile.write(folder / f"{number:04d}.wav", clip, SAMPLE_RATE)
    return folder


def made_corpus(clips: int) -> Corpus:
    """Synthetic clips in memory."""
    samples = [torch.from_numpy(clip) for clip in synthetic_clips(clips, 1, SAMPLE_RATE)]
    lengths = torch.tensor([len(clip) for clip in samples])
    names = tuple(f"{number:04d}" for number in range(clips))
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
    return Corpus(torch.cat(samples), offsets, names, ("made",) * clips)


def noise_corpus(clips: int, seconds: float = 4.0) -> Corpus:
    """Noise in memory, for speeds: it is made at once."""
    samples = round(seconds * SAMPLE_RATE)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(-9000, 9000, (clips * samples,), generator=generator, dtype=torch.int16)
    names = tuple(f"{number:04d}" for number in range(clips))
    return Corpus(noise, torch.arange(clips + 1) * samples, names, ("made",) * clips)


def write_scene_task(folder: Path, clips: dict[str, int] = SCENE_CLIPS) -> Path:
    """Embeddings of a task of 50 classes, noisy enough that heads make errors."""
    scores = ["top1_acc", "mAP"]
    metadata = {"prediction_type": "multiclass", "evaluation": scores}
    made = MadeTask(metadata, CLASSES, clips, noise=5.0, size=SIZE)
    return write_embeddings("scene-v1-full", made, folder)


def write_event_task(folder: Path, clips: dict[str, int] = EVENT_CLIPS) -> Path:
    """Embeddings of frames of clips with a dozen events each."""
    metadata = {"evaluation": ["event_onset_200ms_fms", "segment_1s_er"]}
    made = MadeTask(metadata, EVENT_CLASSES, clips, hop_ms=40.0, noise=3.0, size=SIZE)
    return write_embeddings("event-v1-full", made, folder)
