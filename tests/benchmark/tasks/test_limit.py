from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.tasks.labels import read_clips, read_events, read_scene_labels
from benchmark.tasks.limit import limited
from benchmark.tasks.task import read_task
from benchmark.tasks.task_hash import task_hash
from tests.benchmark.tiny_tasks import RATE, write_event_task, write_scene_task


def labelled(counts: dict[str, int]) -> dict[str, list[str]]:
    return {f"{label}{i}.wav": [label] for label, count in counts.items() for i in range(count)}


@pytest.mark.parametrize("limit", [5, 17, 40, 99])
def test_every_label_has_its_share_rounded_up_or_down(limit: int) -> None:
    counts = {"a": 50, "b": 30, "c": 20}
    clips = labelled(counts)
    chosen = limited(clips, clips, limit)
    assert len(chosen) == limit
    found = Counter(labels[0] for labels in chosen.values())
    for label, count in counts.items():
        share = limit * count / 100
        assert int(share) <= found[label] <= int(share) + 1


def test_clips_of_several_labels_keep_the_labels_shares() -> None:
    generator = np.random.default_rng(0)
    names = np.array(["speech", "music", "dog", "rain"])
    clips = {
        f"{i}.wav": list(names[generator.random(4) < [0.6, 0.4, 0.2, 0.1]]) for i in range(999)
    }
    chosen = limited(clips, clips, 200)
    assert len(chosen) == 200
    for name in names:
        share = sum(name in labels for labels in clips.values()) / 999
        assert sum(name in labels for labels in chosen.values()) / 200 == pytest.approx(
            share, abs=0.03
        )


def test_a_rare_label_is_not_lost() -> None:
    clips = labelled({"common": 997, "rare": 2, "unique": 1})
    found = Counter(labels[0] for labels in limited(clips, clips, 10).values())
    assert found == {"common": 8, "rare": 1, "unique": 1}
    assert len(limited(clips, clips, 1)) == 1  # there is room for one


def test_the_choice_depends_on_names_and_labels_alone() -> None:
    clips = labelled({"a": 30, "b": 30})
    chosen = limited(clips, clips, 20)
    backwards = dict(reversed(clips.items()))
    assert set(limited(backwards, backwards, 20)) == set(chosen)
    assert list(chosen) == [clip for clip in clips if clip in chosen]
    assert list(chosen) != list(clips)[:20]
    assert limited(clips, clips, 60) == clips == limited(clips, clips, 1000)


def test_scenes_and_events_are_limited_where_they_are_read(tmp_path: Path) -> None:
    scene = read_task(write_scene_task(tmp_path, clips=12))
    few = replace(scene, limit=4)
    labels = read_scene_labels(few, "train")
    assert sorted(label for (label,) in labels.values()) == ["loud", "loud", "quiet", "quiet"]
    assert labels.items() <= read_scene_labels(scene, "train").items()
    assert read_clips(few, "train") == list(labels)
    events = replace(read_task(write_event_task(tmp_path, clips=3)), limit=2)
    assert len(read_events(events, "valid")) == len(read_clips(events, "valid")) == 2


def test_the_hash_is_of_the_clips_that_are_used(tmp_path: Path) -> None:
    task = read_task(write_scene_task(tmp_path, clips=6))
    few = replace(task, limit=2)
    assert task_hash(replace(task, limit=6), RATE) == task_hash(task, RATE) != task_hash(few, RATE)
    before = task_hash(few, RATE)
    used = read_clips(few, "test")
    other = next(f"test{i}.wav" for i in range(6) if f"test{i}.wav" not in used)
    (task.folder / str(RATE) / "test" / other).unlink()
    assert task_hash(few, RATE) == before
    (task.folder / str(RATE) / "test" / used[0]).write_bytes(b"")
    assert task_hash(few, RATE) != before
