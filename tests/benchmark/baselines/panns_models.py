"""Narrow networks with the published layout, fast enough for tests."""

import torch

from benchmark.baselines.panns.cnn import AT_16_KHZ, Architecture, Panns

LIKE_CNN14 = Architecture("like-cnn14", AT_16_KHZ, (4, 4, 6, 6, 8, 8), kernel=3, poolings=5)
LIKE_CNN6 = Architecture("like-cnn6", AT_16_KHZ, (4, 4, 6, 8), kernel=5, poolings=4)


def randomised(architecture: Architecture, classes: int = 5) -> Panns:
    """A network in evaluation mode whose batch normalisation fits its activations on noise."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(7)
        model = Panns(architecture, classes)
        for name, value in model.named_parameters():
            if "bn" in name or name.endswith("bias"):
                value.copy_(0.5 + torch.rand(value.shape))
        for _ in range(40):
            model(noise(4, 16_000) * torch.rand(4, 1))
    return model.eval()


def noise(clips: int, samples: int, seed: int = 0) -> torch.Tensor:
    """Uniform noise, shape (clips, samples)."""
    return torch.rand(clips, samples, generator=torch.Generator().manual_seed(seed)) * 0.4 - 0.2
