"""What a user is told where a checkpoint cannot be fetched; the transfer has tests of its own."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.baselines.panns.download import fetch
from msssl_common.download import DownloadError, Retries, WriteError
from tests.benchmark.tasks.get.hostile_server import Behaviour, Server, serving
from tests.msssl_common.test_files import no_file_beyond

CONTENT = bytes(range(256)) * 4000  # 1 MB
CHECKSUM = "md5:" + hashlib.md5(CONTENT).hexdigest()
AT_ONCE = Retries(attempts=4, wait=0.0, longest_wait=0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Behaviour(files={"/file": CONTENT})) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.pth"


def get(server: Server, target: Path) -> None:
    fetch(f"{server.url}/file", target, CHECKSUM, AT_ONCE)


def names(target: Path) -> list[str]:
    return [path.name for path in target.parent.iterdir()]


def test_fetches_once_also_where_it_is_cut(server: Server, target: Path) -> None:
    server.behaviour.cut_after = 300_000
    get(server, target)
    get(server, target)
    assert target.read_bytes() == CONTENT and names(target) == [target.name]
    assert server.ranges == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_bytes_that_an_earlier_version_left_are_gone_on_with(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("file.pth.part").write_bytes(CONTENT[:123_456])
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["bytes=123456-"]


def test_other_bytes_are_refused_and_deleted(server: Server, target: Path) -> None:
    server.behaviour.files["/file"] = CONTENT[:-1] + b"!"
    with pytest.raises(DownloadError, match=r"arrived with other bytes than published.*md5") as e:
        get(server, target)
    assert str(target) in str(e.value) and names(target) == []


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (503, AT_ONCE.attempts)])
def test_a_refusal_says_what_to_do(
    server: Server, target: Path, status: int, requests: int
) -> None:
    server.behaviour.statuses = [status] * requests
    with pytest.raises(DownloadError, match=rf"cannot be fetched \(HTTP {status}.*put it at") as e:
        get(server, target)
    assert server.url in str(e.value) and str(target) in str(e.value)
    assert len(server.requests) == requests


def test_a_full_disk_is_said_at_once_and_gone_on_from(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "file"
    with no_file_beyond(100_000), pytest.raises(WriteError, match="File too large") as raised:
        get(server, target)
    assert str(raised.value).startswith(f"{target}.part cannot be written")
    assert len(server.requests) == 1
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges[1] == "bytes=100000-"
