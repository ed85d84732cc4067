"""Prints the largest differences of our log-mel front end from torchaudio's, as JSON."""

import json
import math

import torch
from torchaudio.functional import melscale_fbanks
from torchaudio.transforms import MelSpectrogram

from msssl_hear.log_mel import LogMel

SECONDS = 5


def signals(sample_rate: int) -> dict[str, torch.Tensor]:
    """Signals with energy everywhere, in few bins, and in few frames; (1, samples) each."""
    generator = torch.Generator().manual_seed(0)
    time = torch.arange(SECONDS * sample_rate) / sample_rate
    click = torch.zeros_like(time)
    click[len(click) // 2] = 1.0
    sweep = torch.sin(2 * math.pi * (50 * time + 780 * time.square()))
    noise = torch.rand(len(time), generator=generator) * 2 - 1
    return {
        "noise": noise[None],
        "quiet noise": 1e-3 * noise[None],
        "sweep": 0.5 * sweep[None],
        "click": click[None],
        "one sample": noise[None, :1],
        "odd length": noise[None, :12345],
    }


def main() -> None:
    """Compare filters, mel power (relative to the clip's largest value) and log-mel."""
    ours = LogMel()
    config = ours.config
    theirs = MelSpectrogram(
        sample_rate=config.sample_rate,
        n_fft=config.n_fft,
        win_length=config.win_length,
        hop_length=config.hop_length,
        f_min=config.f_min,
        f_max=config.f_max,
        n_mels=config.n_mels,
        power=2,
        normalized="window",
        center=True,
        pad_mode="constant",
        mel_scale="htk",
        norm=None,
    )
    # torchaudio computes its filters in float32, ours are rounded from float64: with its filters
    # ours must agree to float32's precision, with our own to the precision of torchaudio's.
    filters = melscale_fbanks(
        config.n_fft // 2 + 1, config.f_min, config.f_max, config.n_mels, config.sample_rate
    )
    differences = {"filters": {"absolute": float((ours.filterbank - filters).abs().max())}}
    for name, audio in signals(config.sample_rate).items():
        expected = theirs(audio).transpose(1, 2)
        power = ours.power(audio)
        mel = power @ ours.filterbank
        assert mel.shape == expected.shape, (name, mel.shape, expected.shape)
        log_mel = (expected + config.log_offset).log()
        differences[name] = {
            "same filters": float((power @ filters - expected).abs().max() / expected.max()),
            "mel power": float((mel - expected).abs().max() / expected.max()),
            "mel power, root mean square": float((mel - expected).norm() / expected.norm()),
            "log-mel, absolute": float((ours.log_mel(power) - log_mel).abs().max()),
        }
    print(json.dumps(differences))


if __name__ == "__main__":
    main()
