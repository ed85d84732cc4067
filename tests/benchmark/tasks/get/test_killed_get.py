"""SIGKILL at every step of a get: the same command then makes the same bytes, and goes on."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tests.benchmark.tasks.get.archives import CLIPS, FOLDER
from tests.benchmark.tasks.get.hostile_server import Behaviour, serving
from tests.benchmark.tasks.get.test_get_task import CONTENT, publish, tree

SCRIPT = "tests.benchmark.tasks.get.killed_get"


def test_killed_at_every_step(tmp_path: Path) -> None:
    with serving(Behaviour()) as server:
        publish(server, CONTENT)
        command = [sys.executable, "-m", SCRIPT, f"{server.url}/api", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    clips = sum(map(len, CLIPS.values()))
    whole, *resumed = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert whole == (len(CONTENT), clips)

    expected = tree(tmp_path / "undisturbed")
    blocks = -(-len(CONTENT) // 2000)
    # Deaths: in each block, at both files of the part, at each file of the task, at the end.
    assert len(resumed) > blocks + clips + 5
    for number in range(len(resumed)):
        assert [path.name for path in (tmp_path / str(number)).iterdir()] == [FOLDER], number
        assert tree(tmp_path / str(number)) == expected, number

    # Work is not done twice: fewer and fewer bytes, then none, then fewer and fewer clips, but
    # for those that other threads had on hand when the process died.
    fetched, made = zip(*resumed, strict=True)
    assert list(fetched) == sorted(fetched, reverse=True)
    assert fetched[2] < len(CONTENT) and fetched[-1] == 0
    assert all(later <= earlier + 2 for earlier, later in pairwise(made))
    assert made[0] == clips and made[-1] == 0
    assert len(set(made)) > clips // 2
