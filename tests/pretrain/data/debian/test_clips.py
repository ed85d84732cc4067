import numpy as np
import pytest

from pretrain.data.debian.clips import Clip, cut_recording, lengthen

RATE = 16000


def tone(seconds, level=3000):
    times = np.arange(int(seconds * RATE)) / RATE
    return np.rint(level * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def silence(seconds):
    return np.zeros(int(seconds * RATE), np.int16)


def test_a_long_recording_is_cut_into_equal_clips_of_at_most_10_s_end_to_end():
    samples = tone(25)
    clips = cut_recording("a", samples)
    assert len(clips) == 3
    assert max(abs(len(c.samples) - 25 / 3 * RATE) for c in clips) <= 1
    assert np.array_equal(np.concatenate([c.samples for c in clips]), samples)
    assert [c.start for c in clips] == pytest.approx([0, 25 / 3, 50 / 3], abs=1e-3)


def test_silence_around_the_sound_goes_and_a_little_stays():
    (clip,) = cut_recording("a", np.concatenate([silence(2), tone(3), silence(4)]))
    assert 3 * RATE <= len(clip.samples) <= 3.12 * RATE
    assert clip.start == pytest.approx(2, abs=0.06)


@pytest.mark.parametrize("samples", [silence(5), silence(0), tone(5, level=20), tone(0.1)])
def test_silence_and_clicks_give_nothing(samples):
    assert cut_recording("a", samples) == []


def test_a_silent_clip_in_the_middle_goes():
    clips = cut_recording("a", np.concatenate([tone(10), silence(10), tone(10)]))
    assert [round(c.start) for c in clips] == [0, 20]


def test_of_an_hour_three_minutes_spread_over_it_are_taken():
    clips = cut_recording("a", np.tile(tone(60), 60))
    assert len(clips) == 18
    assert sum(len(c.samples) for c in clips) == 180 * RATE
    assert clips[0].start == 0 and 3300 < clips[-1].start <= 3590
    assert np.ptp(np.diff([c.start for c in clips])) <= 10.01


def clip(name, seconds, start=0.0):
    return Clip(tone(seconds), (name,), start)


def test_short_speech_of_one_folder_is_joined_with_pauses():
    short = [clip(f"{'ab'[i % 2]}/{i}", 0.8) for i in range(8)]
    joined = list(lengthen([*short, clip("a/long", 2)], joined=True))
    assert [c.names for c in joined] == [
        ("a/0", "a/2", "a/4", "a/6"),
        ("b/1", "b/3", "b/5", "b/7"),
        ("a/long",),
    ]
    pause = np.zeros(RATE // 10, np.int16)
    word = tone(0.8)
    expected = np.concatenate([word, pause, word, pause, word, pause, word])
    assert np.array_equal(joined[0].samples, expected)


def test_what_stays_short_is_filled_up_with_silence():
    (padded,) = lengthen([clip("a/1", 0.5)], joined=True)
    (also,) = lengthen([clip("a/1", 0.5)], joined=False)
    for one in (padded, also):
        assert np.array_equal(one.samples, np.concatenate([tone(0.5), silence(0.5)]))
    together = list(lengthen([clip("a/1", 0.5), clip("a/2", 0.5)], joined=False))
    assert [c.names for c in together] == [("a/1",), ("a/2",)]
