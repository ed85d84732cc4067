"""Groups of clips by file name."""

import json

import numpy as np
import pytest

from benchmark.statistics.fold_score import MIN_GROUPS, clip_groups


def test_esc50_takes_of_a_recording_are_one_group():
    clips = [f"1-{100 + n // 3}-{'ABC'[n % 3]}-{n // 3}.wav" for n in range(90)]
    groups = clip_groups("esc50-v2.0.0-full", clips)
    assert len(set(groups)) == 30
    assert all(len(set(groups[n : n + 3])) == 1 for n in range(0, 90, 3))


def test_words_of_a_speaker_are_one_group_and_silences_are_alone():
    words = [f"{word}-{n:08x}_nohash_{n}.wav" for word in ("yes", "no") for n in range(25)]
    silences = ["_silence_-1.wav", "_silence_-2.wav"]
    groups = clip_groups("speech_commands-v0.0.2-5h", [*words, *silences])
    assert len(set(groups)) == 27
    assert np.array_equal(groups[:25], groups[25:50])


def test_other_tasks_and_too_few_groups_leave_clips_alone():
    clips = [f"1-{n % (MIN_GROUPS - 1)}-A-0.wav" for n in range(60)]
    assert clip_groups("esc50-v2.0.0-full", clips).tolist() == list(range(60))
    assert clip_groups("my_task-v1-full", clips).tolist() == list(range(60))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("task", "split", "groups"),
    [("esc50-v2.0.0-full", "fold00", 311), ("speech_commands-v0.0.2-testset", "test", None)],
)
def test_real_file_names_fit(shared_data, task, split, groups):
    clips = list(json.loads((shared_data / "tasks" / task / f"{split}.json").read_text("utf-8")))
    found = len(set(clip_groups(task, clips)))
    assert found == groups if groups else found < len(clips) / 2
