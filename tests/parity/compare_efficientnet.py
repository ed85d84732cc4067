"""Prints the largest differences of our stock EfficientNet-B0 from timm's, as JSON."""

import json

import timm
import torch

from msssl_hear.efficientnet import EfficientNet

# Ours ends with the last stage: timm's 1280-channel head and classifier have no counterpart.
HEAD = ("conv_head.", "bn2.", "classifier.")


def randomise_statistics(model: torch.nn.Module) -> None:
    """Give every BatchNorm values that a fresh network lacks, so that each one counts."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for values, low in (
                (module.weight.data, 0.5),
                (module.bias.data, -0.5),
                (module.running_mean, -0.5),
                (module.running_var, 0.5),
            ):
                values.copy_(low + torch.rand(values.shape, generator=generator))


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Largest difference, relative to the largest value."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float((ours - theirs).abs().max() / theirs.abs().max())


def main() -> None:
    """Compare names, numbers of weights, every stage's output, the logits and a gradient."""
    torch.manual_seed(0)
    theirs = timm.create_model("efficientnet_b0", in_chans=1, pretrained=False).eval()
    randomise_statistics(theirs)
    ours = EfficientNet().eval()
    weights = {k: v for k, v in theirs.state_dict().items() if not k.startswith(HEAD)}
    ours.load_state_dict(weights, strict=True)
    differences: dict[str, float] = {}
    for shape in ((2, 1, 128, 64), (1, 1, 101, 64)):
        x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            stages = ours(x)
            expected = theirs.bn1(theirs.conv_stem(x))
            for index, (stage, block) in enumerate(zip(stages, theirs.blocks, strict=True)):
                expected = block(expected)
                differences[f"{shape} stage {index}"] = relative(stage, expected)
            logits = theirs.forward_head(theirs.bn2(theirs.conv_head(stages[-1])))
            differences[f"{shape} logits"] = relative(logits, theirs(x))
    ours.train()
    theirs.train()
    x = torch.randn(4, 1, 64, 64, generator=torch.Generator().manual_seed(2))
    # timm drops whole blocks only when asked to (drop_path_rate), so training is comparable.
    ours(x)[-1].square().mean().backward()
    theirs.blocks(theirs.bn1(theirs.conv_stem(x))).square().mean().backward()
    differences["gradient of the stem"] = relative(
        ours.conv_stem.weight.grad, theirs.conv_stem.weight.grad
    )
    parameters = sum(v.numel() for v in weights.values())
    print(json.dumps({"differences": differences, "weights": parameters}))


if __name__ == "__main__":
    main()
