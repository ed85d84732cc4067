"""Models and sounds of these tests."""

import torch

from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_mel import LogMel, LogMelConfig
from msssl_hear.model import HearModel
from msssl_hear.read_out_statistics import ReadOutStatistics

RATE = 16_000


def small_model(
    read_out: str, log_mel: LogMelConfig | None = None, pitch_numbers: int = 0
) -> HearModel:
    """A random encoder of 32 numbers a frame."""
    torch.manual_seed(0)
    front_end = LogMel(log_mel)
    front_end.mean.copy_(torch.linspace(-9.0, -7.0, front_end.config.n_mels))
    front_end.std.copy_(torch.linspace(3.0, 5.0, front_end.config.n_mels))
    config = EncoderConfig(front_end.config.n_mels, 32, 0.5, 0.5, pitch_numbers)
    encoder = Encoder(config)
    for parameter in encoder.parameters():  # also those that are zeros and ones at first
        parameter.data += 0.05 * torch.randn_like(parameter)
    statistics = ReadOutStatistics(config)
    for name in ("scene", "timestamp"):
        statistics.get_buffer(f"{name}_mean").normal_()
        statistics.get_buffer(f"{name}_std").uniform_(0.5, 2.0)
    card = {"read_out": read_out}
    return HearModel(front_end.eval(), encoder.eval(), card, "small", None, statistics)


def sounds() -> dict[str, torch.Tensor]:
    """Three seconds each of what is hard on a front end: no sound, one frequency, one sample."""
    time_s = torch.arange(3 * RATE, dtype=torch.float64) / RATE
    sine = torch.sin(2 * torch.pi * 440 * time_s)
    click = torch.zeros(3 * RATE)
    click[RATE] = 1.0
    found = {
        "silence": torch.zeros(3 * RATE),
        "a full-scale sine": sine,
        "a square": sine.sign(),
        "a click": click,
        "a constant": torch.full((3 * RATE,), 0.5),
        "faint noise": 1e-4 * torch.randn(3 * RATE, generator=torch.Generator().manual_seed(1)),
        "above full scale": 8.0 * torch.randn(3 * RATE, generator=torch.Generator().manual_seed(2)),
    }
    return {name: sound.float()[None] for name, sound in found.items()}
