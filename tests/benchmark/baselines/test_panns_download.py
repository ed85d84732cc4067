"""Fetching a file from a server that cuts connections, ignores ranges or serves other bytes."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.baselines.panns import download
from benchmark.baselines.panns.download import DownloadError, fetch
from tests.msssl_common.test_files import no_file_beyond

CONTENT = bytes(range(256)) * 4000  # 1 MB
CHECKSUM = "md5:" + hashlib.md5(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT at any path.

    Attributes:
        content: What it serves instead.
        cut_after: Bytes per connection before it closes; None for no cut.
        ranges: Whether it honours Range.
        status: Error status to answer with instead; 0 for none.
        requests: The Range header of each request, "" for none.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.cut_after: int | None = None
        self.ranges = True
        self.status = 0
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.server.requests.append(wanted)
        if self.server.status:
            self.send_error(self.server.status)
            return
        start = int(wanted[6:-1]) if wanted and self.server.ranges else 0
        if start >= len(self.server.content):
            self.send_error(416)
            return
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut_after])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.pth"


def only_file(target: Path) -> bool:
    return [path.name for path in target.parent.iterdir()] == [target.name]


def test_fetches_once(server: Server, target: Path) -> None:
    fetch(server.url, target, CHECKSUM)
    fetch(server.url, target, CHECKSUM)
    assert target.read_bytes() == CONTENT
    assert only_file(target)
    assert server.requests == [""]


def test_goes_on_where_it_was_cut(server: Server, target: Path) -> None:
    server.cut_after = 300_000
    fetch(server.url, target, CHECKSUM)
    assert target.read_bytes() == CONTENT
    assert only_file(target)
    assert server.requests == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_goes_on_in_a_later_call(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("file.pth.part").write_bytes(CONTENT[:123_456])
    fetch(server.url, target, CHECKSUM)
    assert target.read_bytes() == CONTENT
    assert server.requests == ["bytes=123456-"]


def test_whole_part_is_only_checked(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("file.pth.part").write_bytes(CONTENT)
    fetch(server.url, target, CHECKSUM)
    assert target.read_bytes() == CONTENT


def test_starts_again_where_ranges_are_ignored(server: Server, target: Path) -> None:
    server.ranges = False
    target.parent.mkdir()
    target.with_name("file.pth.part").write_bytes(CONTENT[:1000])
    fetch(server.url, target, CHECKSUM)
    assert target.read_bytes() == CONTENT


def test_other_bytes_are_refused_and_deleted(server: Server, target: Path) -> None:
    server.content = CONTENT[:-1] + b"!"
    with pytest.raises(DownloadError, match=r"arrived with other bytes than published.*md5"):
        fetch(server.url, target, CHECKSUM)
    assert list(target.parent.iterdir()) == []


def test_gives_up_when_nothing_comes(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    server.status = 503
    with pytest.raises(DownloadError, match=r"cannot be fetched \(HTTP 503.*put it at .*file\.pth"):
        fetch(server.url, target, CHECKSUM)
    assert len(server.requests) == download.ATTEMPTS
    assert pauses == [1, 2, 3, 4]


def test_missing_page_is_final(server: Server, target: Path) -> None:
    server.status = 404
    with pytest.raises(DownloadError, match="HTTP 404") as caught:
        fetch(server.url, target, CHECKSUM)
    assert server.url in str(caught.value)
    assert str(target) in str(caught.value)
    assert len(server.requests) == 1


def test_nobody_listening_is_final(server: Server, target: Path) -> None:
    url = server.url
    server.server_close()
    with pytest.raises(DownloadError, match="cannot be fetched"):
        fetch(url, target, CHECKSUM)


def test_a_full_disk_is_said_at_once_and_gone_on_from(server: Server, tmp_path: Path) -> None:
    with no_file_beyond(100_000), pytest.raises(OSError, match="File too large") as raised:
        fetch(server.url, tmp_path / "file", CHECKSUM)
    assert raised.value.filename == str(tmp_path / "file.part")
    assert len(server.requests) == 1
    fetch(server.url, tmp_path / "file", CHECKSUM)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.requests[1] == "bytes=100000-"
