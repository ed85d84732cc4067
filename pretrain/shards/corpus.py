"""The clips of a folder of shards: all in memory, or each when it is asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pretrain.corpus import Corpus, fingerprint_of
from pretrain.pack.codec import decode
from pretrain.shards.manifest import Manifest
from pretrain.synthesis.clips import synthetic_clips, synthetic_names
from pretrain.synthesis.extend import SOURCE


class ShardCorpus:
    """Clips in shards, with what training asks of a ``Corpus``, but none of them in memory.

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

    with ThreadPoolExecutor(cpu_count()) as pool:
        for _ in pool.map(fill, range(len(order))):
            pass
    names = tuple(manifest.names[i] for i in order)
    sources = tuple(manifest.sources[i] for i in order)
    return Corpus(samples, offsets, names, sources, (), manifest.sample_rate)
