"""Statistics for the read-out ``scaled``, from clips of the pretraining corpus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields

import torch
from torch import Tensor

from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_mel import LogMel
from msssl_hear.model import HearModel
from msssl_hear.read_out import scene_numbers, timestamp_numbers
from msssl_hear.read_out_statistics import BlockScales, ReadOutStatistics
from pretrain.data.corpus import Corpus, to_float
from pretrain.data.seeds import generator_for
from pretrain.data.shards.corpus import ShardCorpus
from pretrain.recipe import fits_second_front_end

CLIPS = 700
SECONDS = 3.0
"""Of a clip, from its start: the clips of HEAR's tasks have 1 to 5 s."""
TOGETHER = 16
SMALLEST = 0.05
"""Standard deviation of a number, over that of its block: what hardly moves is not blown up."""


class Moments:
    """Mean and standard deviation of numbers that come in parts."""

    def __init__(self) -> None:
        """Nothing has come."""
        self.count = 0
        self.total: Tensor | float = 0.0
        self.squares: Tensor | float = 0.0

    def add(self, rows: Tensor) -> None:
        """Take in rows, shape (rows, numbers)."""
        rows = rows.double().cpu()
        self.count += len(rows)
        self.total = self.total + rows.sum(dim=0)
        self.squares = self.squares + rows.square().sum(dim=0)

    def mean_and_std(self, sizes: list[int]) -> tuple[Tensor, Tensor]:
        """Of each number, float32; a deviation is at least a part of its block's.

        Args:
            sizes: Numbers in each block.
        """
        mean = torch.as_tensor(self.total) / self.count
        std = (torch.as_tensor(self.squares) / self.count - mean.square()).clamp_min(0).sqrt()
        floors = []
        for block in torch.split(std, sizes):
            least = SMALLEST * float(block.square().mean().sqrt()) if len(block) else 0.0
            floors.append(torch.full_like(block, least or 1.0))
        return mean.float(), torch.maximum(std, torch.cat(floors)).float()


@torch.no_grad()
def fit_statistics(
    log_mel: LogMel,
    encoder: Encoder,
    corpus: Corpus | ShardCorpus,
    seed: int,
    scales: BlockScales,
) -> ReadOutStatistics:
    """Mean and deviation of each number of the read-out over clips of a corpus.

    Args:
        log_mel: Front end.
        encoder: The trained one; it is copied.
        corpus: At most ``CLIPS`` of its clips are embedded, on the encoder's device.
        seed: Decides which.
        scales: Of the blocks.

    Raises:
        ValueError: The front ends' frames do not lie at the same times.
    """
    if not fits_second_front_end(log_mel.config):
        raise ValueError("the read-out scaled needs a log-mel of 16000 Hz with a hop of 160")
    copied = Encoder(encoder.config).to(log_mel.mean.device)  # without what compiled the other
    copied.load_state_dict(encoder.state_dict())
    model = HearModel(log_mel, copied, {}, "to be fitted", "full").to(log_mel.mean.device)
    scenes, timestamps = Moments(), Moments()
    for audio in clips_of_equal_length(corpus, seed, log_mel.config.sample_rate):
        frames = model.frames(audio)
        scenes.add(scene_numbers(frames))
        timestamps.add(timestamp_numbers(frames).flatten(0, 1))
    statistics = ReadOutStatistics(encoder.config, scales)
    for name, moments in (("scene", scenes), ("timestamp", timestamps)):
        mean, std = moments.mean_and_std(statistics.sizes[name])
        statistics.get_buffer(f"{name}_mean").copy_(mean)
        statistics.get_buffer(f"{name}_std").copy_(std)
    return statistics


def clips_of_equal_length(
    corpus: Corpus | ShardCorpus, seed: int, sample_rate: int
) -> list[Tensor]:
    """Beginnings of random clips, each once, in batches of float32, shape (clips, samples)."""
    generator = generator_for(seed, 0, "read-out")
    longest = int(SECONDS * sample_rate)
    by_length: dict[int, list[Tensor]] = defaultdict(list)
    for index in torch.randperm(len(corpus), generator=generator)[:CLIPS].tolist():
        audio = to_float(corpus.clip(index)[:longest])
        by_length[len(audio)].append(audio)
    return [
        part for same in by_length.values() for part in torch.split(torch.stack(same), TOGETHER)
    ]


def scales_of(words: Iterable[str], encoder: EncoderConfig) -> BlockScales:
    """Scales as a user gives them, ``BLOCK=NUMBER``.

    Args:
        words: What the user gives.
        encoder: Whose branch has its own scale, unless the user gives another.

    Raises:
        ValueError: No such block, or no such number.
    """
    found = {"branch": encoder.pitch_scale}
    known = [field.name for field in fields(BlockScales)]
    for word in words:
        name, _, text = word.partition("=")
        if name not in known:
            raise ValueError(f"--scale {word!r}: the blocks are {', '.join(known)}")
        try:
            found[name] = float(text)
        except ValueError:
            raise ValueError(f"--scale {word!r}: {text!r} is no number") from None
    return BlockScales(**found)
