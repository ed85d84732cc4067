"""One file from servers that cut, lie, refuse, ignore ranges and serve other bytes."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from msssl_common import download as module
from msssl_common.download import (
    DownloadError,
    PartFile,
    Remote,
    Retries,
    WriteError,
    WrongBytesError,
    download,
    has_checksum,
)
from tests.benchmark.tasks.get.hostile_server import Behaviour, Server, serving

CONTENT = bytes(range(256)) * 4000  # 1 MB
MD5 = hashlib.md5(CONTENT).hexdigest()
AT_ONCE = Retries(attempts=4, wait=0.0, longest_wait=0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Behaviour(files={"/file": CONTENT})) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.tar.gz"


def get(server: Server, target: Path, **facts: object) -> list[tuple[int, int | None]]:
    """Download with what is published, unless other facts are given; returns the progress."""
    progress: list[tuple[int, int | None]] = []
    remote = Remote(
        f"{server.url}/file", **{"size": len(CONTENT), "checksum": f"md5:{MD5}"} | facts
    )
    download(remote, target, lambda *done: progress.append(done), AT_ONCE)
    return progress


def leave_part(server: Server, target: Path, size: int) -> None:
    """Stop a download after its first bytes."""
    server.behaviour.cut_after, server.behaviour.cuts = size, 1
    remote = Remote(f"{server.url}/file", len(CONTENT))

    def fail_from_now_on(*_: object) -> None:
        server.behaviour.statuses = [500] * AT_ONCE.attempts

    with pytest.raises(DownloadError, match="HTTP 500"):
        download(remote, target, fail_from_now_on, AT_ONCE)
    server.behaviour.statuses = []
    assert PartFile(target).size == size


def only(target: Path) -> bool:
    return [path.name for path in target.parent.iterdir()] == [target.name]


def test_once(server: Server, target: Path) -> None:
    progress = get(server, target)
    assert get(server, target) == []
    assert target.read_bytes() == CONTENT
    assert only(target)
    assert server.ranges == [""]
    assert progress[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize(
    "facts", [{}, {"size": None}, {"checksum": None}, {"size": None, "checksum": None}]
)
def test_cut_connections_are_resumed(server: Server, target: Path, facts: dict[str, None]) -> None:
    server.behaviour.cut_after = 300_000
    get(server, target, **facts)
    assert target.read_bytes() == CONTENT
    assert only(target)
    assert server.ranges == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_later_call_goes_on(server: Server, target: Path) -> None:
    leave_part(server, target, 400_000)
    server.requests.clear()
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert only(target)
    assert server.ranges == ["bytes=400000-"]


@pytest.mark.parametrize("etags", [True, False])
def test_a_whole_part_is_only_checked(server: Server, target: Path, etags: bool) -> None:
    server.behaviour.etags = etags
    target.parent.mkdir()
    PartFile(target).path.write_bytes(CONTENT)
    get(server, target)
    assert only(target)
    assert server.requests == []


def test_a_server_that_ignores_range_is_read_anew(server: Server, target: Path) -> None:
    server.behaviour.ranges = False
    server.behaviour.cut_after, server.behaviour.cuts = 700_000, 2
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=700000-", "bytes=700000-"]


def test_a_server_that_ignores_range_and_always_cuts_is_given_up(
    server: Server, target: Path
) -> None:
    server.behaviour.ranges = False
    server.behaviour.cut_after = 700_000
    with pytest.raises(DownloadError, match="cut off after 700,000 bytes"):
        get(server, target)
    assert len(server.requests) == 1 + AT_ONCE.attempts


def test_only_a_byte_that_was_never_here_counts_as_progress(server: Server, target: Path) -> None:
    server.behaviour.ranges = False
    server.behaviour.cut_at = iter([700_000, 100_000, 600_000] * 10)
    with pytest.raises(DownloadError, match="cut off after"):
        get(server, target)
    assert len(server.requests) == 1 + AT_ONCE.attempts


@pytest.mark.parametrize("md5", [None, "published"])
def test_a_file_that_changed_meanwhile_starts_anew(
    server: Server, target: Path, md5: str | None
) -> None:
    """If-Range: the bytes of the old file are dropped, not joined with the new one's."""
    server.behaviour.files["/file"] = CONTENT[::-1]
    leave_part(server, target, 300_000)
    server.behaviour.files["/file"] = CONTENT
    server.requests.clear()
    get(server, target, checksum=f"md5:{MD5}" if md5 else None)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["bytes=300000-"]


def test_without_etag_the_checksum_finds_a_changed_file(server: Server, target: Path) -> None:
    server.behaviour.etags = False
    target.parent.mkdir()
    PartFile(target).path.write_bytes(CONTENT[::-1][:300_000])
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["bytes=300000-", ""]


def test_bytes_of_unknown_origin_are_not_gone_on_with_unless_a_checksum_will_tell(
    server: Server, target: Path
) -> None:
    target.parent.mkdir()
    PartFile(target).path.write_bytes(CONTENT[:300_000])
    get(server, target, checksum=None)
    assert server.ranges == [""]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("weak", [True, False])
def test_weak_etags_are_no_validators(server: Server, target: Path, weak: bool) -> None:
    server.behaviour.weak_etags = weak
    server.behaviour.cut_after, server.behaviour.cuts = 300_000, 1
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=300000-"]
    assert server.validators == [None, None if weak else f'"{hash(CONTENT)}"']


@pytest.mark.parametrize("lie", [-400_000, 400_000])
@pytest.mark.parametrize("facts", [{}, {"checksum": None}])
def test_the_published_size_counts_not_the_servers(
    server: Server, target: Path, lie: int, facts: dict[str, None]
) -> None:
    server.behaviour.length_lie = lie
    if lie < 0:
        # Later ranges are short of 400,000 bytes as well, so the last ones can never come.
        with pytest.raises(DownloadError):
            get(server, target, **facts)
        return
    get(server, target, **facts)
    assert target.read_bytes() == CONTENT


def test_too_small_a_length_once_is_made_up_for(server: Server, target: Path) -> None:
    server.behaviour.length_lie = -1_000
    progress: list[int] = []

    def advance(done: int, total: int | None) -> None:
        progress.append(done)
        server.behaviour.length_lie = 0

    remote = Remote(f"{server.url}/file", len(CONTENT), f"md5:{MD5}")
    download(remote, target, advance, AT_ONCE)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["", f"bytes={len(CONTENT) - 1000}-"]


def test_more_bytes_than_published_are_not_read(server: Server, target: Path) -> None:
    server.behaviour.files["/file"] = CONTENT + bytes(100_000)
    get(server, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("no_length", [True, False])
def test_nobody_knows_the_size(server: Server, target: Path, no_length: bool) -> None:
    server.behaviour.no_length = no_length
    get(server, target, size=None)
    assert target.read_bytes() == CONTENT


def test_416_says_that_nothing_is_missing(server: Server, target: Path) -> None:
    """A part that is whole, of a file whose size nobody published."""
    target.parent.mkdir()
    PartFile(target).path.write_bytes(CONTENT)
    get(server, target, size=None)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


def test_a_part_that_is_too_long_is_dropped(server: Server, target: Path) -> None:
    target.parent.mkdir()
    for facts in ({}, {"size": None}):
        target.unlink(missing_ok=True)
        PartFile(target).path.write_bytes(CONTENT + b"more")
        get(server, target, **facts)
        assert target.read_bytes() == CONTENT


def test_another_range_than_asked_for_is_not_joined(server: Server, target: Path) -> None:
    server.behaviour.shift = 1000
    server.behaviour.cut_after, server.behaviour.cuts = 300_000, 1
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=300000-", ""]


def test_fewer_bytes_than_published_are_deleted_and_counted(server: Server, target: Path) -> None:
    server.behaviour.files["/file"] = CONTENT[:-1]
    with pytest.raises(DownloadError, match="1,023,999 bytes, but 1,024,000 are published"):
        get(server, target, checksum=None)
    assert list(target.parent.iterdir()) == []


def test_wrong_bytes_are_deleted_and_named(server: Server, target: Path) -> None:
    wrong = CONTENT[::-1]
    server.behaviour.files["/file"] = wrong
    with pytest.raises(WrongBytesError) as failure:
        get(server, target)
    assert hashlib.md5(wrong).hexdigest() in str(failure.value)
    assert MD5 in str(failure.value)
    assert list(target.parent.iterdir()) == []
    assert server.ranges == [""]


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_any_checksum_of_hashlib_will_do(server: Server, target: Path, algorithm: str) -> None:
    digest = hashlib.new(algorithm, CONTENT).hexdigest()
    get(server, target, checksum=f"{algorithm}:{digest}")
    assert has_checksum(target, f"{algorithm}:{digest}")
    target.unlink()
    with pytest.raises(WrongBytesError, match=f"its {algorithm.upper()} is {digest}, but 00"):
        get(server, target, checksum=f"{algorithm}:00")


def test_wrong_bytes_in_pieces_are_fetched_once_more_and_not_for_ever(
    server: Server, target: Path
) -> None:
    server.behaviour.files["/file"] = CONTENT[::-1]
    server.behaviour.cut_after = 600_000
    with pytest.raises(DownloadError, match="MD5"):
        get(server, target)
    assert server.ranges == ["", "bytes=600000-"] * 2
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_refusals_are_final(server: Server, target: Path, status: int) -> None:
    server.behaviour.statuses = [status]
    with pytest.raises(DownloadError, match=f"HTTP {status}"):
        get(server, target)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_troubles_are_tried_again(server: Server, target: Path, status: int) -> None:
    server.behaviour.statuses = [status, status]
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 3
    server.behaviour.statuses = [status] * 100
    target.unlink()
    with pytest.raises(DownloadError, match=f"HTTP {status}"):
        get(server, target)
    assert len(server.requests) == 3 + AT_ONCE.attempts


def test_pauses_double_and_heed_the_server(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(module.time, "sleep", slept.append)
    server.behaviour.statuses = [500] * 6 + [429, 429, 503]
    remote = Remote(f"{server.url}/file", len(CONTENT), f"md5:{MD5}")
    with pytest.raises(DownloadError):
        download(remote, target, lambda *_: None, Retries(6, 1.0, 10.0))
    assert slept == [1, 2, 4, 8, 10]
    slept.clear()
    server.behaviour.retry_after = "7"
    download(remote, target, lambda *_: None, Retries(6, 1.0, 10.0))
    assert slept == [7, 7, 7]


def test_redirects_are_followed_and_circles_left(server: Server, target: Path) -> None:
    server.behaviour.redirect = "/elsewhere"
    with pytest.raises(DownloadError, match="redirects without an end"):
        get(server, target)
    assert len(server.requests) < 20
    with serving(Behaviour(redirect=f"{server.url}/file")) as first:
        server.behaviour.redirect = None
        server.behaviour.cut_after = 600_000
        get(first, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges[-2:] == ["", "bytes=600000-"]


def test_no_redirect_leaves_https_behind(server: Server, target: Path) -> None:
    for elsewhere in ("http://example.org/file", "file:///etc/passwd", "ftp://example.org/file"):
        server.behaviour.redirect = elsewhere
        with pytest.raises(DownloadError, match=r"only https is trusted|HTTP 302"):
            get(server, target)
    for url in ("http://example.org/file", "file:///etc/passwd"):
        with pytest.raises(DownloadError, match="only https is trusted"):
            download(Remote(url), target, lambda *_: None, AT_ONCE)


def test_nobody_listens(target: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        remote = Remote(f"http://127.0.0.1:{taken.getsockname()[1]}/file")
        with pytest.raises(DownloadError, match=r"[Rr]efused"):
            download(remote, target, lambda *_: None, AT_ONCE)


def test_no_network_is_said_at_once(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def no_dns(*arguments: object, **_: object) -> None:
        calls.append(arguments)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_dns)
    remote = Remote("https://zenodo.invalid/file")
    with pytest.raises(DownloadError, match="no such host, or no network"):
        download(remote, target, lambda *_: None, AT_ONCE)
    assert len(calls) == 1


def test_a_full_disk_is_no_reason_to_try_again(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise WriteError("x.part cannot be written: No space left on device")

    monkeypatch.setattr(module, "_write", full)
    with pytest.raises(WriteError, match="No space left"):
        get(server, target)
    assert len(server.requests) == 1


def test_a_wrong_total_of_a_range_is_found_out(server: Server, target: Path) -> None:
    server.behaviour.total_lie = 5
    server.behaviour.cut_after, server.behaviour.cuts = 300_000, 1
    get(server, target, size=None)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=300000-", f"bytes={len(CONTENT)}-"]
