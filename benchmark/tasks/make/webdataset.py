"""WebDataset's tar shards: ``KEY.wav`` (or .flac, ...) with ``KEY.cls``, .txt or .json.

Files whose names are the same up to the first dot are one sample, and lie one after another
(github.com/webdataset/webdataset, "The WebDataset Format"). A tar is read once, from its start.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

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
from benchmark.tasks.make.tables import label_plan
from msssl_common.audio_folders import AUDIO_SUFFIXES
from msssl_common.messages import one_printable_line

LARGEST_TEXT: Final = 1 << 20  # bytes of a label file
LARGEST_AUDIO: Final = 1 << 31  # bytes


def plan(
    raw: Sources,
    task: OwnTask,
    splitting: Splitting,
    columns: Mapping[str, str],
    ignored: Sequence[str] = (),
) -> TaskPlan:
    """Plan a task.

    Args:
        raw: Tar files, or folders of them.
        task: What was decided of the task.
        splitting: How to draw splits, if neither the samples nor the shards' names give them.
        columns: Meaning (label, split, fold, group) -> key of the samples' JSON, where it differs.
        ignored: Keys that count as absent.

    Raises:
        FileNotFoundError: There is no tar file.
        ValueError: One is damaged, a sample has no label or no audio, or as `label_plan`.
    """
    shards = find_shards(raw, ".tar")

    def read(shard: Path, progress: Callable[[int, int], None]) -> Iterator[ShardClip]:
        return read_samples(shard, columns, ignored, progress)

    folder = unpacked_shards(raw, shards, (dict(columns), tuple(ignored)), read)
    return label_plan(folder / TABLE, [folder], task, splitting, {}, None)


def read_samples(
    shard: Path,
    columns: Mapping[str, str],
    ignored: Sequence[str],
    progress: Callable[[int, int], None],
) -> Iterator[ShardClip]:
    """Read a shard's samples in the order they lie in.

    Args:
        shard: The tar file.
        columns: Meaning -> key of the samples' JSON, where it differs.
        ignored: Keys that count as absent.
        progress: Called with bytes read, and bytes of the file.

    Raises:
        ValueError: It is damaged, or a sample has no label or no audio.
    """
    split = split_of_shard(shard)
    key, sample = "", dict[str, bytes]()
    try:
        for name, suffix, content in _members(shard, progress):
            if name != key and sample:
                yield _clip(f"{shard}: {key}", key, sample, columns, ignored, split)
                sample = {}
            key = name
            sample[suffix] = content
    except (tarfile.TarError, EOFError, OSError) as error:
        reason = one_printable_line(error)
        raise ValueError(f"{shard} is damaged or not whole ({reason}).") from None
    if sample:
        yield _clip(f"{shard}: {key}", key, sample, columns, ignored, split)


def _members(shard: Path, progress: Callable[[int, int], None]) -> Iterator[tuple[str, str, bytes]]:
    """Key, suffix and content of each file that is audio or says something of it."""
    total = shard.stat().st_size
    with shard.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:") as opened:
        for info in opened:
            path = PurePosixPath(info.name)
            stem, _, rest = path.name.partition(".")
            suffix = f".{rest.lower()}"
            known = suffix in AUDIO_SUFFIXES or suffix in (".cls", ".txt", ".json")
            if info.isfile() and known and stem:
                limit = LARGEST_AUDIO if suffix in AUDIO_SUFFIXES else LARGEST_TEXT
                if info.size > limit:
                    raise ValueError(f"{shard}: {info.name!r} has {info.size} bytes: too many.")
                file = opened.extractfile(info)
                if file is not None:
                    yield str(path.with_name(stem)), suffix, file.read()
            progress(raw.tell(), total)


def _clip(
    place: str,
    key: str,
    sample: Mapping[str, bytes],
    columns: Mapping[str, str],
    ignored: Sequence[str],
    split: str,
) -> ShardClip:
    audio = next((suffix for suffix in sample if suffix in AUDIO_SUFFIXES), None)
    if audio is None:
        raise ValueError(f"{place} has no audio among {', '.join(sample)}.")
    about = _about(place, sample, ignored)

    def text(meaning: str) -> str:
        value = about.get(column_name(columns, meaning))
        return "" if value is None else plain_label(str(value))

    fold = text("fold")
    return ShardClip(
        name=f"{PurePosixPath(key).name}{audio}",
        audio=sample[audio],
        labels=_labels(place, about.get(column_name(columns, "label")), sample),
        split=text("split") or ("" if fold else split),
        fold=fold,
        group=text("group"),
    )


def _about(place: str, sample: Mapping[str, bytes], ignored: Sequence[str]) -> dict[str, Any]:
    if ".json" not in sample:
        return {}
    try:
        content = json.loads(sample[".json"])
    except (ValueError, RecursionError):
        raise ValueError(f"{place}.json is not valid JSON.") from None
    if not isinstance(content, dict):
        raise ValueError(f"{place}.json must be a JSON object.")
    return {name: value for name, value in content.items() if name not in ignored}


def _labels(place: str, value: object, sample: Mapping[str, bytes]) -> list[str]:
    """The label of the JSON, else of the .cls, else of the .txt."""
    if value is None:
        texts = [sample[suffix] for suffix in (".cls", ".txt") if suffix in sample]
        if not texts:
            raise ValueError(
                f"{place} has no label: neither .cls nor .txt, nor a key 'label' in its .json "
                "(name another with --column label=KEY)."
            )
        try:
            value = texts[0].decode().strip()
        except UnicodeDecodeError:
            raise ValueError(f"{place}: its label is not UTF-8 text.") from None
    values = value if isinstance(value, list) else [value]
    return [plain_label(str(each)) for each in values]
