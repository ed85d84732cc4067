"""JAMS annotations, a .jams file for each recording, with the audio beside it or elsewhere.

E. J. Humphrey et al., "JAMS: A JSON Annotated Music Specification", ISMIR 2014: times are in
seconds. Only the JSON is read; no schema is checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmark.events.table import Event
from benchmark.tasks.make.audio_index import AudioIndex
from benchmark.tasks.make.event_times import fit_events
from benchmark.tasks.make.names import plain_label, unique_stems
from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.split_names import split_in_path
from benchmark.tasks.make.splits import Splitting
from benchmark.tasks.metadata import read_json_object
from msssl_common.audio_folders import find_audio_files

# Namespaces with an event, or a label of the whole clip, for each observation.
EVENT_NAMESPACES: Final = ("segment_", "scaper", "sound_event", "tag_open")
SCENE_NAMESPACES: Final = ("tag_",)


@dataclass(frozen=True)
class Observation:
    """An observation of an annotation: seconds, seconds, and what was observed."""

    time: float
    duration: float
    label: str


def plan(roots: list[Path], task: OwnTask, splitting: Splitting, namespace: str | None) -> TaskPlan:
    """Plan a task.

    Args:
        roots: Folders with .jams files and audio; folders called train, test, fold1, ... above a
            .jams file give its split.
        task: What was decided of the task.
        splitting: How to draw splits, if no folder gives them.
        namespace: Which annotations to read; None for the only ones that serve.

    Raises:
        FileNotFoundError: There is no .jams file.
        ValueError: A .jams file is wrong in a way that its message says, or as `plan_own`.
    """
    files = [
        (path, root)
        for root in roots
        for path in sorted(find_audio_files(root, frozenset({".jams"})).files)
    ]
    if not files:
        raise FileNotFoundError(f"{', '.join(map(str, roots))} has no .jams file below it.")
    audio = AudioIndex(roots)
    clips = []
    stems = unique_stems([path for path, _ in files], roots[0])
    for (path, root), stem in zip(files, stems, strict=True):
        found = tuple(observations(path, task.embedding_type == "event", namespace))
        scene = task.embedding_type == "scene"
        clip = RawClip(
            source=_audio_of(path, root, audio),
            stem=stem,
            split=split_in_path(path.relative_to(root)),
            labels=tuple(dict.fromkeys(o.label for o in found)) if scene else (),
            events=() if scene else tuple(_event(o) for o in found),
        )
        clips.append(clip)
    if task.embedding_type == "scene":
        return plan_own(task, clips, splitting, audio.not_followed)
    fitted, notes = fit_events(clips, task.seconds)
    return plan_own(task, fitted, splitting, [*audio.not_followed, *notes])


def observations(path: Path, events: bool, namespace: str | None) -> Iterator[Observation]:
    """Read the observations of a .jams file.

    Observations may be a list of objects, or an object of lists; a value may be text or, as
    Scaper writes it, an object with a label and a role, of which backgrounds are left out.

    Args:
        path: The file.
        events: Whether events are wanted, not labels of whole clips.
        namespace: The annotation's namespace; None for one that serves.

    Raises:
        ValueError: No annotation or several serve, or an observation has no time or label.
    """
    for entry in _data(path, _annotation(path, events, namespace)):
        value = entry.get("value")
        if isinstance(value, dict):
            if value.get("role") == "background":
                continue
            value = value.get("label")
        try:
            time, duration = float(entry["time"]), float(entry["duration"])
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{path}: an observation has no time or duration: {entry}.") from None
        if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
            raise ValueError(f"{path}: an observation has no label: {entry}.")
        if not (0 <= time < float("inf") and 0 <= duration < float("inf")):
            raise ValueError(f"{path}: an observation's times must be 0 or more: {entry}.")
        yield Observation(time, duration, plain_label(str(value)))


def _annotation(path: Path, events: bool, namespace: str | None) -> dict[str, Any]:
    annotations = read_json_object(path, "a recording's annotations").get("annotations")
    if not isinstance(annotations, list) or not all(isinstance(a, dict) for a in annotations):
        raise ValueError(f"{path} has no list of annotations, so it is no JAMS file.")
    prefixes = EVENT_NAMESPACES if events else SCENE_NAMESPACES
    serving: list[dict[str, Any]] = [
        annotation
        for annotation in annotations
        if (name := str(annotation.get("namespace"))) == namespace
        or (namespace is None and name.startswith(prefixes))
    ]
    if len(serving) != 1:
        names = ", ".join(str(annotation.get("namespace")) for annotation in annotations)
        wanted = namespace or ", ".join(f"{prefix}*" for prefix in prefixes)
        raise ValueError(
            f"{path} must have one annotation of {wanted}, but has {len(serving)} among its "
            f"{names or 'none'}: say which with --namespace."
        )
    return serving[0]


def _data(path: Path, annotation: dict[str, Any]) -> list[dict[str, Any]]:
    data = annotation.get("data")
    if isinstance(data, dict):
        columns = [data.get(key) for key in ("time", "duration", "value")]
        if all(isinstance(c, list) for c in columns) and len({len(c or ()) for c in columns}) == 1:
            rows = zip(*(c or () for c in columns), strict=True)
            return [dict(zip(("time", "duration", "value"), row, strict=True)) for row in rows]
    elif isinstance(data, list) and all(isinstance(entry, dict) for entry in data):
        return data
    raise ValueError(f"{path}: the data of {annotation.get('namespace')} is not JAMS' own.")


def _event(observation: Observation) -> Event:
    onset = 1000 * observation.time
    return Event(observation.label, onset, onset + 1000 * observation.duration)


def _audio_of(path: Path, root: Path, audio: AudioIndex) -> Path:
    """The recording of the same name: beside the file, or in a folder of the same split."""
    beside = [p for p in audio.called(path.stem) if p.parent == path.parent]
    split = split_in_path(path.relative_to(root))
    same = [p for p in audio.called(path.stem) if split in p.parts]
    matching = beside or same or audio.called(path.stem)
    if len(matching) > 1:
        raise ValueError(f"The audio of {path} could be {matching[0]} or {matching[1]}.")
    return matching[0] if matching else path.with_suffix(".wav")
