"""Writing a made task's metadata, vocabulary and label files, as hear-preprocess does."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.tasks.make.plan import RawClip, TaskPlan, sorted_labels
from benchmark.tasks.metadata import METADATA_FILE
from benchmark.tasks.vocabulary import VOCABULARY_FILE
from msssl_common.files import write_text


def write_texts(plan: TaskPlan, clips: Sequence[RawClip], notice: str | None, folder: Path) -> None:
    """Write everything but the audio.

    Args:
        plan: The task.
        clips: Its clips, less those that could not be read.
        notice: What every table must say about the task, if anything.
        folder: The task's folder.
    """
    content = {**plan.metadata, **({} if notice is None else {"notice": notice})}
    write_text(folder / METADATA_FILE, _json(content))
    write_text(folder / VOCABULARY_FILE, vocabulary_csv(clips))
    for split in plan.splits:
        labels = {clip.file: label_entry(clip, plan) for clip in clips if clip.split == split}
        write_text(folder / f"{split}.json", _json(dict(sorted(labels.items()))))


def vocabulary_csv(clips: Sequence[RawClip]) -> str:
    """The labels that occur in any split, sorted (pipeline.py, ``MetadataVocabulary``)."""
    labels = sorted_labels({label for clip in clips for label in clip.all_labels})
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("idx", "label"))
    rows.writerows(enumerate(labels))
    return text.getvalue()


def label_entry(clip: RawClip, plan: TaskPlan) -> list[Any]:
    """A clip's entry of ``{split}.json`` (pipeline.py, ``SubcorpusMetadata``).

    hear-preprocess leaves a clip's events in shuffled order, which nothing depends on; here they
    are sorted by time.
    """
    if plan.metadata["embedding_type"] == "scene":
        return list(clip.labels)
    ordered = sorted(clip.events, key=lambda event: (event.onset_ms, event.offset_ms, event.label))
    return [{"label": e.label, "start": e.onset_ms, "end": e.offset_ms} for e in ordered]


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=True)
