import numpy as np
import pytest

from benchmark.tasks.embedded import event
from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.recipe import SPLITS, MadeClip
from benchmark.tasks.embedded.signal import SAMPLE_RATE


@pytest.fixture(scope="module", params=SPLITS)
def clips(request: pytest.FixtureRequest) -> list[MadeClip]:
    return [event.make_clip(request.param, index) for index in range(6)]


def test_events_lie_inside_the_clip_in_order(clips: list[MadeClip]) -> None:
    for clip in clips:
        assert clip.audio.shape == (10 * SAMPLE_RATE,)
        starts = [entry["start"] for entry in clip.labels]
        assert starts == sorted(starts)
        assert all(0 <= e["start"] < e["end"] <= 10_000 for e in clip.labels)
        assert 6 <= len(clip.labels) <= 12


def test_events_of_one_class_are_apart_and_others_overlap(clips: list[MadeClip]) -> None:
    overlaps = 0
    for clip in clips:
        for i, first in enumerate(clip.labels):
            for second in clip.labels[i + 1 :]:
                apart = second["start"] - first["end"]
                if first["label"] == second["label"]:
                    assert apart >= 250.0
                else:
                    overlaps += apart < 0
    assert overlaps > 3


def test_every_class_and_every_ratio_is_in_every_split(clips: list[MadeClip]) -> None:
    assert {e["label"] for clip in clips for e in clip.labels} == set(event.VOCABULARY)
    ratios = {clip.file.split("-ebr")[1] for clip in clips}
    assert ratios == {"-6.wav", "+0.wav", "+6.wav"}


def test_every_sound_is_finite_and_short() -> None:
    for name, sound in event.SOUNDS.items():
        audio = sound(Draws(len(name)))
        assert np.isfinite(audio).all(), name
        assert 0.2 < len(audio) / SAMPLE_RATE <= 1.21, name


def test_events_have_their_level_over_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the room, what a clip adds to its background has the EBR where one event sounds."""
    monkeypatch.setattr(event, "reverberant", lambda _rng, audio, _wet: audio)
    monkeypatch.setattr(event, "at_peak", lambda audio, _peak: audio)
    kept: list[np.ndarray] = []

    def keep(rng: Draws, samples: int) -> np.ndarray:
        kept.append(event.coloured_noise(rng, samples, -3.0))
        return kept[-1].copy()

    monkeypatch.setattr(event, "background", keep)
    for index, ebr_db in enumerate(event.EBR_DB):
        clip = event.make_clip("test", index)
        added = clip.audio - kept[-1]
        levels = []
        for e in clip.labels:
            alone = all(
                o is e or o["end"] <= e["start"] or o["start"] >= e["end"] for o in clip.labels
            )
            if alone:
                first, last = (round(e[key] * SAMPLE_RATE / 1000) for key in ("start", "end"))
                levels.append(20 * np.log10(np.sqrt(np.mean(added[first:last] ** 2))))
        assert levels
        np.testing.assert_allclose(levels, ebr_db, atol=1e-6)


def test_every_sound_is_heard_where_its_label_begins() -> None:
    """Within 100 ms a sound has come within 10 dB of its level over its whole length."""
    for name, sound in event.SOUNDS.items():
        for seed in range(5):
            audio = sound(Draws(seed, 7))
            begin = audio[: SAMPLE_RATE // 10].reshape(-1, 80)  # 5 ms each
            loudest = np.sqrt(np.mean(begin**2, axis=1)).max()
            assert loudest > 10 ** (-10 / 20) * np.sqrt(np.mean(audio**2)), name
