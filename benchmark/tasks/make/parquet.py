"""Parquet files as the Hugging Face hub ships data sets: audio, labels and splits in columns.

Audio is ``struct<bytes, path>``, bytes, or the path of a file. Labels that are ``ClassLabel``
numbers get their names from the schema's metadata, key ``huggingface`` (datasets' documentation,
"Features"). Row groups are read a few rows at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmark.events.table import Event
from benchmark.tasks.make.names import plain_label
from benchmark.tasks.make.own_task import OwnTask
from benchmark.tasks.make.plan import TaskPlan
from benchmark.tasks.make.shards import (
    TABLE,
    ShardClip,
    column_name,
    find_shards,
    split_of_shard,
    unpacked_shards,
)
from benchmark.tasks.make.sources import Sources
from benchmark.tasks.make.splits import Splitting
from benchmark.tasks.make.tables import MILLISECONDS, TimeUnit, event_plan, label_plan

if TYPE_CHECKING:
    from pyarrow import Schema

ROWS_AT_ONCE: Final = 16
MEANINGS: Final = ("audio", "label", "split", "fold", "group", "events", "onset", "offset")


@dataclass(frozen=True)
class ParquetColumns:
    """What the columns of a data set are.

    Attributes:
        names: Meaning -> name, where it differs.
        ignored: Names of columns that count as absent.
        unit: Unit of the times of events.
    """

    names: Mapping[str, str]
    ignored: Sequence[str] = ()
    unit: TimeUnit = "s"

    def __post_init__(self) -> None:
        for meaning in self.names:
            if meaning not in MEANINGS:
                raise ValueError(
                    f"There is no column for {meaning!r}; there are {', '.join(MEANINGS)}."
                )

    def name(self, meaning: str) -> str:
        """The name of the column of a meaning."""
        return column_name(self.names, meaning)


def plan(raw: Sources, task: OwnTask, splitting: Splitting, columns: ParquetColumns) -> TaskPlan:
    """Plan a task.

    Args:
        raw: Parquet files, or folders of them.
        task: What was decided of the task.
        splitting: How to draw splits, if neither a column nor the files' names give them.
        columns: What the columns are.

    Raises:
        FileNotFoundError: There is no parquet file.
        ValueError: One is damaged or lacks a column, pyarrow is not installed, or as `label_plan`
            and `event_plan`.
    """
    shards = find_shards(raw, ".parquet")
    events = task.embedding_type == "event"

    def read(shard: Path, progress: Callable[[int, int], None]) -> Iterator[ShardClip]:
        return read_clips(shard, columns, events, progress)

    folder = unpacked_shards(raw, shards, (columns, events), read)
    roots = [folder, *dict.fromkeys(shard.parent for shard in shards)]
    if events:
        return event_plan(folder / TABLE, roots, task, splitting, {}, "ms")
    separate = None  # each label has a row of its own
    return label_plan(folder / TABLE, roots, task, splitting, {}, separate)


def read_clips(
    shard: Path, columns: ParquetColumns, events: bool, progress: Callable[[int, int], None]
) -> Iterator[ShardClip]:
    """Read a file's clips, a few rows at a time.

    Args:
        shard: The file.
        columns: What the columns are.
        events: Whether clips have events.
        progress: Called with rows read, and rows of the file.

    Raises:
        ValueError: It is damaged or lacks a column, or pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise ValueError(
            "pyarrow, which reads parquet, is not installed: pip install 'msssl-hear[parquet]'."
        ) from None
    try:
        with parquet.ParquetFile(shard) as file:
            reader = _Reader(shard, file.schema_arrow, columns, events)
            total, done = file.metadata.num_rows, 0
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=reader.wanted):
                for row in batch.to_pylist():
                    done += 1
                    yield reader.clip(row, f"{shard}, row {done}")
                progress(done, total)
    except (pyarrow.ArrowException, EOFError) as error:
        raise ValueError(f"{shard} cannot be read as parquet: {error}") from None


class _Reader:
    """Makes clips of the rows of one file."""

    def __init__(self, shard: Path, schema: Schema, columns: ParquetColumns, events: bool) -> None:
        present = [name for name in schema.names if name not in columns.ignored]
        self._columns = columns
        self._split = "" if columns.name("split") in present else split_of_shard(shard)
        self._events = events
        needed = ("audio", "events") if events else ("audio", "label")
        for meaning in needed:
            if columns.name(meaning) not in present:
                raise ValueError(
                    f"{shard} has no column {columns.name(meaning)!r} (it has "
                    f"{', '.join(schema.names)}): say which is the {meaning} with --column "
                    f"{meaning}=NAME."
                )
        optional = [m for m in ("split", "fold", "group") if columns.name(m) in present]
        self.wanted = [columns.name(meaning) for meaning in (*needed, *optional)]
        if columns.name("fold") in self.wanted:
            self._split = ""  # folds are what the data is divided by
        features = _features(schema)
        self._names = {name: _class_names(features.get(name)) for name in present}
        self._event_names = _event_label_names(
            features.get(columns.name("events")), columns.name("label")
        )

    def clip(self, row: Mapping[str, Any], place: str) -> ShardClip:
        """A row as a clip."""
        name, audio = _audio(row[self._columns.name("audio")], place)
        events = self._events_of(row, place) if self._events else None
        return ShardClip(
            name=name,
            audio=audio,
            labels=() if self._events else self._labels(row),
            events=events,
            split=self._text(row, "split") or self._split,
            fold=self._text(row, "fold"),
            group=self._text(row, "group"),
        )

    def _labels(self, row: Mapping[str, Any]) -> list[str]:
        column = self._columns.name("label")
        value = row[column]
        values = value if isinstance(value, list) else [] if value is None else [value]
        return [_label(each, self._names.get(column, [])) for each in values]

    def _text(self, row: Mapping[str, Any], meaning: str) -> str:
        column = self._columns.name(meaning)
        value = row.get(column)
        return "" if value is None else _label(value, self._names.get(column, []))

    def _events_of(self, row: Mapping[str, Any], place: str) -> list[Event]:
        value = row[self._columns.name("events")] or []
        keys = [self._columns.name(meaning) for meaning in ("onset", "offset", "label")]
        try:
            if isinstance(value, dict):  # a struct of lists, as a Sequence of a dict is stored
                rows = list(zip(*(value[key] for key in keys), strict=True))
            else:
                rows = [tuple(event[key] for key in keys) for event in value]
            scale = MILLISECONDS[self._columns.unit]
            return [
                Event(_label(label, self._event_names), float(onset) * scale, float(offset) * scale)
                for onset, offset, label in rows
            ]
        except (KeyError, TypeError, ValueError):
            raise ValueError(
                f"{place}: its events must have {', '.join(keys)}: name them with --column."
            ) from None


def _audio(value: object, place: str) -> tuple[str, bytes | None]:
    """Name and bytes of a row's audio; no bytes where the name is a file's path."""
    if isinstance(value, dict):
        name, content = str(value.get("path") or ""), value.get("bytes")
        if isinstance(content, bytes):
            return name, content
        value = name
    if isinstance(value, bytes):
        return "", value
    if isinstance(value, str) and value:
        return value, None
    raise ValueError(f"{place} has no audio: neither bytes nor the path of a file.")


def _label(value: object, names: Sequence[str]) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return plain_label(names[value])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return plain_label(str(value))


def _features(schema: Schema) -> dict[str, Any]:
    """What datasets says of the columns; empty if it says nothing that can be read."""
    try:
        content = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = content["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return features if isinstance(features, dict) else {}


def _class_names(feature: object) -> list[str]:
    """The names of a ClassLabel, alone or in a list."""
    for _ in range(4):
        if isinstance(feature, list) and feature:
            feature = feature[0]
        elif isinstance(feature, dict) and "feature" in feature:
            feature = feature["feature"]
    names = feature.get("names") if isinstance(feature, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else []


def _event_label_names(feature: object, label: str) -> list[str]:
    for _ in range(4):
        if isinstance(feature, list) and feature:
            feature = feature[0]
        elif isinstance(feature, dict) and "feature" in feature and label not in feature:
            feature = feature["feature"]
    return _class_names(feature.get(label)) if isinstance(feature, dict) else []
