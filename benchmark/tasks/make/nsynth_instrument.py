"""NSynth: the family of the instrument of single notes, instruments disjoint between the splits.

The splits are NSynth's own (J. Engel et al., ICML 2017; magenta.tensorflow.org/datasets/nsynth),
and the label is ``instrument_family_str`` of its ``examples.json``. All notes count, also those
beyond the piano's range that HEAR's pitch task leaves out. ``synth_lead`` is in training only.
Mode "5h" takes as many notes as HEAR's pitch task, by HEAR's draw (`splits.subsample`).
"""

from __future__ import annotations

from typing import Any, Final

from benchmark.tasks.make.nsynth_pitch import RAW, read_notes
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import Sources
from benchmark.tasks.make.splits import SPLITS, max_seconds_by_split, subsample

SECONDS: Final = 4.0
HOURS: Final = {"5h": 5.0, "full": None}
CLIPS: Final = {
    "5h": {"train": 4000, "valid": 500, "test": 500},
    "full": {"train": 289205, "valid": 12678, "test": 4096},
}


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The three archives in "json/wav" form, or folders with what is in them.
        mode: "5h" or "full".

    Raises:
        FileNotFoundError: One of the three is missing.
        ValueError: An ``examples.json`` is not NSynth's.
    """
    most = max_seconds_by_split(HOURS[mode])
    clips: list[RawClip] = []
    for split in SPLITS:
        notes = read_notes(sources.find(RAW[split]), split, "instrument_family_str", str)
        kept = subsample((note.stem for note in notes), split, most[split], SECONDS)
        clips.extend(note for note in notes if note.stem in kept)
    return TaskPlan(metadata=_metadata(mode, most), clips=tuple(clips), expected_clips=CLIPS[mode])


def _metadata(mode: str, most: dict[str, float | None]) -> dict[str, Any]:
    return {
        "task_name": "nsynth_instrument",
        "version": "v2.2.3",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "trainvaltest",
        "sample_duration": SECONDS,
        "evaluation": ["top1_acc"],
        "max_task_duration_by_split": most,
        "mode": mode,
        "splits": list(SPLITS),
    }
