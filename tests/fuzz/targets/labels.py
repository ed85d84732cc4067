"""A split's label file: scene labels, or events if the first byte says so."""

import json
from pathlib import Path
from random import Random

from benchmark.tasks.check.check_task import check_task
from benchmark.tasks.check.report import as_json
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.task import read_task
from tests.fuzz.mutation import mutate_json
from tests.fuzz.target import Target
from tests.fuzz.targets.metadata import EVENT, ROWS, SCENE

SCENES = {"a.wav": ["cat"], "b.wav": ["dog"], "c.wav": [0]}
EVENTS = {
    "a.wav": [
        {"label": "dog", "start": 300.0, "end": 350.5},
        {"label": "cat", "start": 1, "end": 1},
    ],
    "b.wav": [],
}


def read(data: bytes, folder: Path) -> None:
    """Once by the reader, once by ``msbench tasks check``, which never raises."""
    events = data[:1] == b"E"
    metadata = EVENT if events else SCENE
    split = metadata["splits"][0]
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    (folder / "labelvocabulary.csv").write_bytes(ROWS + b"2,0\r\n")
    (folder / f"{split}.json").write_bytes(data[1:])
    check = check_task(folder, lambda done, total: None)
    for finding in check.findings:
        assert finding.message.isprintable(), repr(finding.message)
    json.loads(as_json([check])).keys()
    task = read_task(folder)
    labels = (read_events if events else read_scene_labels)(task, split)
    row_order(task, dict.fromkeys(task.splits, labels))


def mutate(data: bytes, random: Random) -> bytes:
    """The label file; its kind stays."""
    return data[:1] + mutate_json(data[1:], random)


TARGET = Target(
    read,
    (b"S" + json.dumps(SCENES).encode(), b"E" + json.dumps(EVENTS).encode()),
    (ValueError, FileNotFoundError),
    mutate,
)
