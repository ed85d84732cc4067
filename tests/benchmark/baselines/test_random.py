"""The untrained encoder shares everything with the trained one but the weights."""

import pytest
import torch

import msssl_hear
from benchmark.baselines import random


@pytest.mark.parametrize("read_out", ["paper", "max_mean", "full"])
def test_a_read_out_can_be_named(read_out: str) -> None:
    untrained, trained = random.load_model(read_out), msssl_hear.load_model(f"multi:{read_out}")
    assert untrained.row_label == f"random:{read_out}"
    assert untrained.scene_embedding_size == trained.scene_embedding_size
    assert untrained.timestamp_embedding_size == trained.timestamp_embedding_size


def test_the_front_end_is_the_trained_one_and_the_weights_are_not() -> None:
    untrained, trained = random.load_model(), msssl_hear.load_model()
    assert untrained.row_label == "random"
    assert untrained.read_out == trained.read_out
    for mine, theirs in zip(
        untrained.log_mel.state_dict().values(), trained.log_mel.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs)
    pairs = zip(untrained.encoder.parameters(), trained.encoder.parameters(), strict=True)
    assert not any(torch.equal(mine, theirs) for mine, theirs in pairs if theirs.ndim > 1)


def test_two_draws_are_the_same() -> None:
    first, second = random.load_model(), random.load_model("full")
    assert all(map(torch.equal, first.encoder.parameters(), second.encoder.parameters()))


def test_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match=r"only a read-out can be named .*got 'weights\.pt'"):
        random.load_model("weights.pt")
