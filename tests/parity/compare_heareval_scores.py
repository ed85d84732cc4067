"""heareval.score and heareval's post-processing beside ours; run in the heareval environment.

    python compare_heareval_scores.py [LISTS]

LISTS is the number of random inputs, 200 if it is not given. Prints one line of JSON: for each
score and for post-processing the number of values compared and the largest difference (for event
lists 0 or infinity). Both modules of heareval can be imported without run_heareval.py's shims.
"""

import json
import math
import sys
import warnings

import numpy as np
import torch
from heareval.predictions.task_predictions import get_events_for_all_files
from heareval.score import available_scores

from benchmark.events import (
    Postprocessing,
    clip_frames,
    event_table,
    events_by_clip,
    events_from_frames,
)
from benchmark.events.table import Event
from benchmark.scores import EVENT_SCORES, SCENE_SCORES
from tests.benchmark.scores.event_lists import KINDS

POSTPROCESSING = {"median_filter_ms": [0, 150, 250], "min_duration": [0, 60, 125.0]}


def difference(ours: float, theirs: float) -> float:
    if ours == theirs or (math.isnan(ours) and math.isnan(theirs)):
        return 0.0
    apart = abs(ours - theirs)
    return apart / max(1.0, abs(theirs)) if math.isfinite(apart) else math.inf


def scene_case(seed: int):
    """Probabilities and targets: ties, perfect and reversed rankings, classes of one value only."""
    rng = np.random.default_rng(seed)
    clips, classes = int(rng.integers(2, 60)), int(rng.integers(2, 30))
    targets = (rng.random((clips, classes)) < rng.uniform(0.02, 0.9)).astype(np.float32)
    probabilities = rng.random((clips, classes)).astype(np.float32)
    kind = seed % 6
    if kind == 1:
        probabilities = np.round(probabilities, 1)
    elif kind == 2:
        probabilities[:] = 0.5
    elif kind == 3:
        probabilities = targets.copy()
    elif kind == 4:
        probabilities = 1 - targets
    elif kind == 5:
        targets = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, clips)]
        probabilities = np.round(0.3 * probabilities + 0.4 * targets, 2)
    return probabilities, targets


def compare_scene_scores(lists: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in SCENE_SCORES}
    for seed in range(lists):
        probabilities, targets = scene_case(seed)
        for name, score in SCENE_SCORES.items():
            theirs = available_scores[name](label_to_idx={})(probabilities, targets)
            found[name].append(difference(score(probabilities, targets), float(theirs)))
    return found


def compare_event_scores(lists: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in EVENT_SCORES}
    for seed in range(lists):
        kind = KINDS[seed % len(KINDS)]
        reference, predicted, labels = kind(np.random.default_rng([seed, *b"heareval"]))
        clips = list(predicted)
        tables = [event_table(events, clips, labels) for events in (reference, predicted)]
        index = {label: number for number, label in enumerate(labels)}
        for name, score in EVENT_SCORES.items():
            upstream = available_scores[name](label_to_idx=index)
            theirs = upstream(as_dicts(predicted), as_dicts(reference))
            ours = score(*tables)
            assert tuple(ours) == tuple(part for part, _ in theirs), name
            found[name] += [difference(ours[part], float(value)) for part, value in theirs]
    return found


def as_dicts(events):
    return {
        clip: [{"label": e.label, "start": e.onset_ms, "end": e.offset_ms} for e in listed]
        for clip, listed in events.items()
    }


def compare_postprocessing(lists: int) -> list[float]:
    """One value per event of upstream: the lists are equal or they are not."""
    found = []
    for seed in range(lists):
        rng = np.random.default_rng(seed)
        hop = rng.choice([20.0, 32.0, 40.0, 50.0, 62.5])
        counts = rng.integers(2, 120, 3)
        clips = [f"c{index}.wav" for index in range(3)]
        start = rng.uniform(0, 30, 3)
        times = [
            (a + np.arange(n) * hop).astype(np.float32) for a, n in zip(start, counts, strict=True)
        ]
        walk = rng.standard_normal((counts.sum(), 4)).cumsum(axis=0)
        logits = torch.tensor(walk - walk.mean(axis=0), dtype=torch.float32)
        stamps = np.concatenate(times).astype(np.float64)
        names = [f"split/{clip}" for clip, n in zip(clips, counts, strict=True) for _ in range(n)]
        vocabulary = ("a", "b", "c", "d")
        theirs = get_events_for_all_files(
            logits.sigmoid(),
            names,
            torch.tensor(stamps),
            dict(enumerate(vocabulary)),
            POSTPROCESSING,
        )
        frames = clip_frames(stamps, counts, clips)
        for point, listed in theirs.items():
            ours = events_by_clip(
                events_from_frames(logits.sigmoid().numpy(), frames, Postprocessing(**dict(point))),
                clips,
                vocabulary,
            )
            upstream = {
                clip: [Event(e["label"], float(e["start"]), float(e["end"])) for e in events]
                for clip, events in listed.items()
            }
            equal = 0.0 if ours == upstream else math.inf
            found += [equal] * sum(map(len, upstream.values()))
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    lists = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    found = {
        **compare_scene_scores(lists),
        **compare_event_scores(lists),
        "events after post-processing": compare_postprocessing(lists // 5),
    }
    print(json.dumps({name: [len(values), max(values)] for name, values in found.items()}))


if __name__ == "__main__":
    main()
