"""``task_metadata.json`` and, behind a zero byte, ``labelvocabulary.csv``."""

import json
from pathlib import Path
from random import Random

from benchmark.tasks.check.description import read_description
from benchmark.tasks.task import read_task
from tests.fuzz.mutation import mutate_bytes, mutate_json
from tests.fuzz.target import Target

SCENE = {
    "task_name": "made",
    "embedding_type": "scene",
    "prediction_type": "multiclass",
    "split_mode": "trainvaltest",
    "splits": ["train", "valid", "test"],
    "sample_duration": 0.5,
    "evaluation": ["top1_acc", "mAP"],
    "use_scoring_for_early_stopping": False,
    "notice": "made",
}
EVENT = SCENE | {
    "embedding_type": "event",
    "prediction_type": "multilabel",
    "split_mode": "new_split_kfold",
    "splits": ["fold00", "fold01", "fold02"],
    "sample_duration": None,
    "evaluation": ["event_onset_200ms_fms", "segment_1s_er"],
    "evaluation_params": {
        "event_postprocessing_grid": {"median_filter_ms": [250], "min_duration": [125, 250.0]},
        "task_specific_param_grid": {"lr": [1e-3, 1e-4], "initialization": ["xavier"]},
    },
}
ROWS = b'idx,label\r\n0,cat\r\n1,"dog"\r\n'


def read(data: bytes, folder: Path) -> None:
    """As a task that is to be run, and as ``msbench tasks check`` does, which never raises."""
    metadata, _, rows = data.partition(b"\0")
    (folder / "task_metadata.json").write_bytes(metadata)
    (folder / "labelvocabulary.csv").write_bytes(rows)
    description = read_description(folder)
    for finding in description.findings:
        assert finding.message.isprintable(), repr(finding.message)
    task = read_task(folder)
    assert not description.findings or task.vocabulary
    assert task.family in ("scene", "event", "pitch")
    hash(task.splits)


def mutate(data: bytes, random: Random) -> bytes:
    """The one file or the other."""
    metadata, _, rows = data.partition(b"\0")
    if random.random() < 0.2:
        return metadata + b"\0" + mutate_bytes(rows, random)
    return mutate_json(metadata, random) + b"\0" + rows


TARGET = Target(
    read,
    tuple(json.dumps(content).encode() + b"\0" + ROWS for content in (SCENE, EVENT)),
    (ValueError, FileNotFoundError),
    mutate,
)
