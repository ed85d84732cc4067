import pytest
import torch

from msssl_hear.log_mel import LogMel
from pretrain.data.corpus import Corpus, to_float
from pretrain.views import normalisation
from pretrain.views.normalisation import (
    SMALLEST_STD,
    log_mel_statistics,
    log_mel_statistics_at_once,
)


def test_equal_the_statistics_of_all_frames(tiny_corpus: Corpus) -> None:
    log_mel = LogMel()
    # Crops longer than any clip: every draw is a whole clip.
    mean, std = log_mel_statistics(log_mel, tiny_corpus, 0, crops=800, crop_samples=10**6)
    clips = [
        log_mel.log_mel(log_mel.power(to_float(tiny_corpus.clip(i))[None]))[0] for i in range(8)
    ]
    frames = torch.cat(clips)
    assert float((mean - frames.mean(dim=0)).abs().max()) < 0.25
    assert float((std / frames.std(dim=0) - 1).abs().max()) < 0.15


def test_many_crops_at_a_time_give_the_same(
    tiny_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(normalisation, "AT_ONCE", 7)
    log_mel, settings = LogMel(), {"crops": 30, "crop_samples": 5000}  # some clips are shorter
    one_by_one = log_mel_statistics(log_mel, tiny_corpus, 3, **settings)
    together = log_mel_statistics_at_once(log_mel, tiny_corpus.samples, tiny_corpus, 3, **settings)
    torch.testing.assert_close(one_by_one, together)


def test_digital_silence_does_not_divide_by_zero() -> None:
    silence = Corpus(
        torch.zeros(16000, dtype=torch.int16), torch.tensor([0, 16000]), ("a",), ("a",)
    )
    _, std = log_mel_statistics(LogMel(), silence, 0, crops=4)
    assert (std == SMALLEST_STD).all()
