"""The clips of a folder of shards: held decoded in memory, or streamed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pretrain.data.corpus import Corpus, fingerprint_of
from pretrain.data.pack.codec import decode
from pretrain.data.shards.manifest import Manifest
from pretrain.data.synthesis.clips import synthetic_clips, synthetic_names
from pretrain.data.synthesis.extend import SOURCE


class ShardCorpus:
    """Clips in shards: what training needs of a ``Corpus``, with no clip in memory.

    Attributes:
        manifest: Where the clips are.
        synthetic: Synthetic clips after them; these are in memory.
        lengths: int64, shape (clips,): samples in each clip.
        names: Ids.
        sources: Tags.
        sample_rate: Hz.
    """

    def __init__(self, manifest: Manifest, synthetic: int = 0, seed: int = 0) -> None:
        """Make the synthetic clips.

        Args:
            manifest: Where the clips are.
            synthetic: How many synthetic clips to add.
            seed: Of them.
        """
        self.manifest = manifest
        self.synthetic = synthetic_clips(synthetic, seed, manifest.sample_rate)
        made = torch.tensor([len(clip) for clip in self.synthetic], dtype=torch.int64)
        self.lengths = torch.cat([torch.from_numpy(manifest.samples), made])
        self.names = (*manifest.names, *synthetic_names(synthetic, seed))
        self.sources = (*manifest.sources, *[SOURCE] * synthetic)
        self.sample_rate = manifest.sample_rate

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.names)

    @property
    def hours(self) -> float:
        """Duration of all clips together."""
        return int(self.lengths.sum()) / self.sample_rate / 3600

    @property
    def shard_of(self) -> NDArray[np.int64]:
        """Shard of each clip, shape (clips,); synthetic clips make up further ones as large."""
        own = self.manifest.shard_of
        largest = int(np.bincount(own).max())
        added = np.arange(len(self.synthetic), dtype=np.int64) // largest + own[-1] + 1
        return np.concatenate([own, added])

    def clip(self, index: int) -> Tensor:
        """Samples of one clip: int16, shape (samples,).

        Raises:
            OSError: Its shard is gone or damaged.
        """
        manifest = self.manifest
        if index >= len(manifest.names):
            return torch.from_numpy(self.synthetic[index - len(manifest.names)])
        where = f"{manifest.folder / manifest.shards[manifest.shard_of[index]]}"
        try:
            samples = decode(manifest.read(index))
        except soundfile.SoundFileError as error:
            raise OSError(
                f"{where}: clip {self.names[index]} cannot be decoded ({error}); "
                "copy the shard again, or pack anew"
            ) from None
        if len(samples) != self.lengths[index]:
            raise OSError(
                f"{where}: clip {self.names[index]} has {len(samples)} samples, not "
                f"{int(self.lengths[index])} as in the manifest; copy the folder again"
            )
        return torch.from_numpy(samples)

    def fingerprint(self) -> str:
        """Sha256 (hex) over the clips' names and lengths, as of the same clips in a folder."""
        order = by_name(self.manifest) + list(range(len(self.manifest.names), len(self)))
        return fingerprint_of([self.names[i] for i in order], self.lengths[order])


def by_name(manifest: Manifest) -> list[int]:
    """Clips sorted by name: the order of the folder that was packed."""
    return sorted(range(len(manifest.names)), key=manifest.names.__getitem__)


def hold(manifest: Manifest) -> Corpus:
    """Decode all clips into memory, in the order in which ``read_corpus`` has their folder.

    Raises:
        OSError: A shard is gone or damaged.
    """
    shards, order = ShardCorpus(manifest), by_name(manifest)
    offsets = functional.pad(shards.lengths[order].cumsum(0), (1, 0))
    samples = torch.empty(int(offsets[-1]), dtype=torch.int16)
    starts = offsets.tolist()

    def fill(place: int) -> None:
        samples[starts[place] : starts[place + 1]] = shards.clip(order[place])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(fill, range(len(order))):
            pass
    names = tuple(manifest.names[i] for i in order)
    sources = tuple(manifest.sources[i] for i in order)
    return Corpus(samples, offsets, names, sources, (), manifest.sample_rate)


Reader = Literal["memory", "stream"]
SHARE = 0.5  # of the free memory that held clips may take: the rest is for training
BYTES_PER_SAMPLE = 2  # int16


def choose_reader(samples: int, free: int, processes: int = 1) -> Reader:
    """The choice, from nothing but sizes.

    Args:
        samples: In all clips, decoded.
        free: Memory that is free, bytes.
        processes: That share it, each with all clips.
    """
    return "memory" if BYTES_PER_SAMPLE * samples * processes <= SHARE * free else "stream"


def free_memory(device: torch.device) -> int:
    """Bytes that can be taken: the GPU's, else the machine's within its control group."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = _available()
    limit, used = _number("memory.max"), _number("memory.current")
    return free if limit is None or used is None else max(min(free, limit - used), 0)


def _available() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024 * int(x.split()[1]) for x in lines if x.startswith("MemAvailable"))
    except (OSError, StopIteration):  # not Linux: half of what there is
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _number(name: str) -> int | None:
    """A file of control group version 2 as containers see it; None without a limit."""
    try:
        return int((Path("/sys/fs/cgroup") / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
