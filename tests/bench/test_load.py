"""The measurement of a large load: its tasks, its watcher and its arithmetic."""

import json
import sys
from pathlib import Path

import pytest
import soundfile

from benchmark.embeddings.peak_memory import STATM
from benchmark.tasks.check.check_task import check_task
from benchmark.tasks.labels import read_events
from benchmark.tasks.task import read_task
from tests.bench.load import LEVEL, Row, measure, report_table, tables
from tests.bench.load_tasks import SHORT_SECONDS, write_long_task, write_short_task
from tests.bench.long_tasks import SOURCE
from tests.bench.watched_run import Sample, Watched, watched_run

linux = pytest.mark.skipif(not STATM.exists(), reason="processes are watched through /proc")
MB = 10**6


def test_the_tasks_are_in_order(tmp_path: Path) -> None:
    short = write_short_task(tmp_path / "short", 200)
    long = write_long_task(tmp_path / "long", 10, 30.0)
    for folder, clips in ((short, 200), (long, 10)):
        assert check_task(folder, lambda done, total: None).findings == []
        assert len(list(folder.glob("16000/*/*.wav"))) == clips
    seconds = [soundfile.info(path).duration for path in short.glob("16000/*/*.wav")]
    assert SHORT_SECONDS[0] <= min(seconds) < 0.15
    assert 0.95 < max(seconds) <= SHORT_SECONDS[1]
    assert len(json.loads((short / "fold04.json").read_text())) == 40
    events = read_events(read_task(long), "train")
    assert [len(of_clip) for of_clip in events.values()] == [10] * 6


PROGRAM = """
import os, time
from pathlib import Path

cache = Path(os.environ["MSBENCH_CACHE"])
folder = cache / "embeddings" / "key" / ".train.part"
folder.mkdir(parents=True)
(Path(os.environ["TMPDIR"]) / "scratch").write_bytes(bytes(3_000_000))
held = bytearray(os.urandom(1)) * 100_000_000
files = [open(os.devnull) for _ in range(20)]
(folder / "embeddings.npy").write_bytes(bytes(1_000_000))
time.sleep(1)
(Path(os.environ["TMPDIR"]) / "scratch").unlink()
(folder / "embeddings.npy").write_bytes(bytes(5_000_000))
Path("out/cells").mkdir(parents=True)
Path("out/cells/a.json").write_text("{}")
time.sleep(1)
"""


@linux
def test_a_process_is_watched_from_outside(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM]
    seen = watched_run(command, tmp_path, tmp_path / "out" / "cells")
    most = max(seen.samples, key=lambda sample: sample.anonymous)
    assert 100 * MB < most.anonymous < 130 * MB
    assert most.anonymous < most.resident <= seen.peak_resident
    assert 20 < most.files < 30
    last = seen.samples[-1]  # it may be of the process as it ends, which has given memory back
    assert (last.embedded, last.other, last.scored) == (5 * MB, 2, True)
    assert any(s.embedded == MB and s.other == 3 * MB and not s.scored for s in seen.samples)
    assert seen.seconds > 2
    assert 0 < seen.cpu_seconds < seen.seconds


@linux
def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        watched_run([sys.executable, "-c", "exit('no such thing')"], tmp_path, tmp_path)


def test_numbers_of_a_run() -> None:
    # Seconds, anonymous MB, embedded MB, scored: 100 clips of 36 s, from second 2 to second 10.
    seen = [(1, 50, 0, 0), (2, 100, 0, 0), (3, 110, 10, 0), (6, 150, 50, 0), (9, 190, 90, 0)]
    seen += [(10, 120, 100, 0), (12, 300, 100, 0), (14, 130, 100, 0), (15, 140, 100, 1)]
    samples = [
        Sample(float(s), a * MB, 2 * a * MB, 7 + s, e * MB, (16 - s) * MB, bool(done))
        for s, a, e, done in seen
    ]
    row = Row("t", "benchmark.baselines.m", 100, 3600.0, Watched(samples, 16.5, 21.0, 700 * MB))
    speed, memory, disk = (line for line in tables([row]) if line.startswith("| t | m |"))
    assert speed == "| t | m | 100 | 1.0 | 2.0 | 8.0 | 12.5 | 450 | 4.0 | 1.5 | 21 |"
    most = "190 MB | 300 MB | 140 MB | 700 MB"
    assert memory == f"| t | m | 110 MB | 150 MB | 190 MB | 1,000,000 | {most} |"
    assert disk == "| t | m | 22 | 100 | 15.0 | 1.0 |"


@linux
@pytest.mark.slow
def test_a_small_load_through_msbench(tmp_path: Path) -> None:
    (tmp_path / f"{LEVEL}.py").write_text(SOURCE)
    task = write_short_task(tmp_path / "short", 300)
    row = measure(tmp_path, task, LEVEL)
    assert row.clips == 300
    assert row.embedded_bytes == pytest.approx(300 * 512 * 4, rel=0.01)
    assert row.audio_seconds == pytest.approx(
        sum(soundfile.info(path).duration for path in task.glob("16000/*/*.wav"))
    )
    again = watched_run([sys.executable, "-c", "pass"], tmp_path, tmp_path)
    assert "| short |" in report_table(tmp_path / "out" / "short", again)[-1]
    cell = json.loads(next((tmp_path / "out/short/cells").glob("*.json")).read_text())
    assert cell["reason"] is None
