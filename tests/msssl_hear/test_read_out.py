import torch

from msssl_hear.read_out import Frames, scene_embedding, scene_size


def test_parts_of_the_full_read_out_by_hand() -> None:
    embeddings = torch.tensor([[[1.0, -2.0], [3.0, 0.0]]])
    log_mel = torch.tensor([[[0.0], [2.0], [4.0]]])
    contrast = torch.tensor([[[1.0, 1.0, 0.0], [0.0, 5.0, 0.0]]])
    frames = Frames(embeddings, log_mel, contrast)
    full = scene_embedding("full", frames)[0]
    std = (8 / 3) ** 0.5
    expected = [3.0, 0.0, 2.0, -1.0, 2.0, std, 0.5, 3.0, 0.0, 1.0, 5.0, 0.0]
    torch.testing.assert_close(full, torch.tensor(expected))
    assert len(full) == scene_size("full", 2, 1, 3)
    assert scene_embedding("max_mean", frames).tolist() == [[3.0, 0.0, 2.0, -1.0]]
    assert scene_size("max_mean", 2, 1, 3) == 4


def test_the_paper_takes_the_maximum_alone() -> None:
    frames = Frames(torch.tensor([[[1.0, -2.0], [3.0, -5.0]]]), torch.zeros(1, 3, 1), None)
    assert scene_embedding("paper", frames).tolist() == [[3.0, -2.0]]
    assert scene_size("paper", 2, 1, 0) == 2
    assert scene_embedding("full", frames).shape == (1, scene_size("full", 2, 1, 0))
