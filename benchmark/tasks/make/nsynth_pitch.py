"""NSynth: the pitch of single notes, instruments disjoint between the splits.

hear-preprocess, hearpreprocess/nsynth_pitch.py; the splits are NSynth's own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.splits import SPLITS, max_seconds_by_split, subsample
from benchmark.tasks.metadata import read_json_object

LOWEST, HIGHEST = 21, 108  # MIDI: the piano's keys; both are kept
EXAMPLES: Final = "examples.json"

URL: Final = "http://download.magenta.tensorflow.org/datasets/nsynth"
RAW: Final = {
    split: RawFolder(
        what=f"NSynth's {split} notes",
        has=(EXAMPLES, "audio"),
        named=f"nsynth-{split}",
        archive=f"nsynth-{split}.jsonwav.tar.gz",
        url=f"{URL}/nsynth-{split}.jsonwav.tar.gz",
    )
    for split in SPLITS
}
HOURS: Final = {"5h": 5.0, "50h": 50.0, "small": None}
# The sums are hearbenchmark.com's, 5 000 and 49 060: in 50 h every split but test is cut, so the
# test set has 4 060 notes between the bounds (of NSynth's 4 096).
CLIPS: Final = {
    "5h": {"train": 4000, "valid": 500, "test": 500},
    "50h": {"train": 40000, "valid": 5000, "test": 4060},
}


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The three archives in "json/wav" form, or folders with what is in them.
        mode: "5h", "50h", or "small" for HEAR's downsampled raw data.

    Raises:
        FileNotFoundError: One of the three is missing.
        ValueError: An ``examples.json`` is not NSynth's.
    """
    metadata = _metadata(mode)
    clips: list[RawClip] = []
    for split in SPLITS:
        notes = read_notes(sources.find(RAW[split]), split, "pitch", int)
        notes = [note for note in notes if LOWEST <= int(note.labels[0]) <= HIGHEST]
        if mode == "small":  # its examples.json names the whole data set's notes
            notes = [note for note in notes if note.source.is_file()]
        kept = subsample(
            (note.stem for note in notes),
            split,
            metadata["max_task_duration_by_split"][split],
            metadata["sample_duration"],
        )
        clips.extend(note for note in notes if note.stem in kept)
    return TaskPlan(
        metadata=metadata,
        clips=tuple(clips),
        every_label_everywhere=mode != "small",
        expected_clips=CLIPS.get(mode),
    )


def _metadata(mode: str) -> dict[str, Any]:
    return {
        "task_name": "nsynth_pitch",
        "version": "v2.2.3",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "trainvaltest",
        "sample_duration": 4.0,
        "pitch_range_min": LOWEST,
        "pitch_range_max": HIGHEST,
        "evaluation": ["pitch_acc", "chroma_acc"],
        "default_mode": "5h",
        "max_task_duration_by_split": max_seconds_by_split(HOURS[mode]),
        "mode": mode,
        "splits": list(SPLITS),
    }


def read_notes(
    folder: Path, split: str, field: str, label: Callable[[Any], int | str]
) -> list[RawClip]:
    """Every note of a split with its label.

    Args:
        folder: With NSynth's ``examples.json`` and its ``audio``.
        split: Of the task.
        field: What the label is made of, in ``examples.json``.
        label: Makes it.

    Raises:
        ValueError: An ``examples.json`` is not NSynth's.
    """
    path = folder / EXAMPLES
    notes = []
    for name, facts in read_json_object(path, f"NSynth's notes and their {field}").items():
        try:
            found, stem = label(facts[field]), str(facts["note_str"])
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{path}: note {name!r} has no {field} or no note_str.") from None
        source = folder / "audio" / f"{stem}.wav"
        notes.append(RawClip(source=source, stem=stem, split=split, labels=(found,)))
    return notes
