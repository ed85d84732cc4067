"""The networks themselves: names, initialisation, gradients."""

import copy

import pytest
import torch
from torch import nn

from benchmark.baselines.panns.cnn import CNN6_16K, CNN14, Architecture, Panns
from tests.benchmark.baselines.panns_models import LIKE_CNN6, LIKE_CNN14, noise, randomised


def test_parameters_have_the_names_of_the_authors_checkpoints() -> None:
    with torch.device("meta"):
        cnn14, cnn6 = set(Panns(CNN14, 527).state_dict()), set(Panns(CNN6_16K, 527).state_dict())
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = {"logmel_extractor.melW", *(f"bn0.{name}" for name in norm)}
    expected |= {f"{layer}.{n}" for layer in ("fc1", "fc_audioset") for n in ("weight", "bias")}

    def blocks(count: int, convolutions: int) -> set[str]:
        return {
            name
            for block in range(1, count + 1)
            for i in range(1, convolutions + 1)
            for name in (
                f"conv_block{block}.conv{i}.weight",
                *(f"conv_block{block}.bn{i}.{n}" for n in norm),
            )
        }

    assert cnn14 == expected | blocks(6, 2)
    assert cnn6 == expected | blocks(4, 1)


@pytest.mark.parametrize("architecture", [LIKE_CNN14, LIKE_CNN6])
@pytest.mark.parametrize("channels_last", [False, True])
def test_gradients_equal_double_precision(architecture: Architecture, channels_last: bool) -> None:
    """PyTorch 2.13's batch normalisation has a wrong gradient for some memory layouts."""
    single = randomised(architecture)
    double = copy.deepcopy(single).double()
    if channels_last:
        single.to(memory_format=torch.channels_last)
    for model in (single, double):
        for module in model.modules():
            module.train(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d))  # but no dropout
    audio = noise(4, 16_000)
    for model in (single, double):
        log_mel = single.log_mel_of_padded(single.pad(audio)).to(model.fc1.weight.dtype)
        model.classify(
            model.embed(model.convolve(model.normalise(log_mel)))
        ).square().sum().backward()
    for (name, ours), theirs in zip(single.named_parameters(), double.parameters(), strict=True):
        assert ours.grad is not None
        assert theirs.grad is not None
        error = (ours.grad - theirs.grad).norm() / theirs.grad.norm().clamp_min(1e-6)
        assert error < 1e-3, f"{name}: {error}"
