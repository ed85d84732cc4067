"""What ``--data`` names: a folder of audio or of shards, held in memory or streamed."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from msssl_common.console import make_console
from msssl_common.devices import resolve_device
from pretrain.data.corpus import Corpus, read_corpus
from pretrain.data.crops import CropSampler
from pretrain.data.sampler import Sampler
from pretrain.data.shards.corpus import (
    BYTES_PER_SAMPLE,
    Reader,
    ShardCorpus,
    choose_reader,
    free_memory,
    hold,
)
from pretrain.data.shards.manifest import Manifest, is_packed, read_manifest
from pretrain.data.shards.sampler import ShardSampler
from pretrain.data.share import BatchShard
from pretrain.data.synthesis.extend import with_synthetic_clips


def open_data(
    folder: Path,
    sample_rate: int,
    synthetic: int = 0,
    seed: int = 0,
    device: str = "cpu",
    reader: Reader | None = None,
) -> Corpus | ShardCorpus:
    """Open a folder of audio, or of shards made by ``mspretrain pack``, and say how it is read.

    Args:
        folder: Audio is decoded into memory; shards too, if they fit.
        sample_rate: Hz, that is needed.
        synthetic: Synthetic clips to add.
        seed: Of them.
        device: Whose memory it is: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        reader: How to read shards; None: as their size and the free memory decide.

    Raises:
        ValueError: The folder cannot be used, or audio is to be streamed.
        OSError: It cannot be read.
    """
    console = make_console(stderr=True, soft_wrap=True)
    if not is_packed(folder):
        if reader == "stream" and folder.is_dir():
            raise ValueError(f"{folder}: only shards can be streamed; make some: mspretrain pack")
        return with_synthetic_clips(read_corpus(folder, sample_rate), synthetic, seed)
    manifest = _manifest(folder, sample_rate)
    samples = int(manifest.samples.sum())
    free = free_memory(torch.device(resolve_device(device)))
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # set by torchrun
    chosen = reader or choose_reader(samples, free, processes)
    console.print(
        f"{folder}: {BYTES_PER_SAMPLE * samples / 1e9:.2f} GB decoded, {free / 1e9:.2f} GB free, "
        f"{processes} process{'es' * (processes > 1)}: "
        + ("held in memory" if chosen == "memory" else "streamed from shards")
        + (" (as told)" if reader else "")
    )
    if chosen == "stream":
        return ShardCorpus(manifest, synthetic, seed)
    return with_synthetic_clips(hold(manifest), synthetic, seed)


def read_data(folder: Path, sample_rate: int) -> Corpus:
    """A folder of audio or of shards, in memory; raises as `open_data` does."""
    if is_packed(folder):
        return hold(_manifest(folder, sample_rate))
    return read_corpus(folder, sample_rate)


def open_sampler(
    corpus: Corpus | ShardCorpus,
    batch_size: int,
    crop_samples: int,
    grid: int,
    max_offset: int,
    seed: int,
    device: torch.device | str,
    share: BatchShard | None = None,
    source_balance: float = 0.0,
) -> Sampler:
    """The sampler of a corpus; arguments are those of both, but for the balance.

    Raises:
        ValueError: Clips are to be balanced by source, but are streamed in the shards' order.
    """
    places = (crop_samples, grid, max_offset, seed, device, share)
    if isinstance(corpus, ShardCorpus):
        if source_balance:
            raise ValueError(
                "data.source_balance needs the clips in memory: give --reader memory, or set it "
                "to 0"
            )
        return ShardSampler(corpus, batch_size, *places)
    return CropSampler(corpus, batch_size, *places, source_balance)


def _manifest(folder: Path, sample_rate: int) -> Manifest:
    manifest = read_manifest(folder)
    if manifest.sample_rate != sample_rate:
        raise ValueError(
            f"{folder}: shards are at {manifest.sample_rate} Hz, the recipe's log_mel.sample_rate "
            f"is {sample_rate}; give a folder of audio or another recipe"
        )
    return manifest
