"""A task from a server, a mirror or a folder: whole, or a sentence and nothing that looks whole."""

import hashlib
import io
import shutil
import socket
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from benchmark.tasks.find import find_tasks
from benchmark.tasks.get import get_task
from benchmark.tasks.get import origin as zenodo
from benchmark.tasks.get.get_task import TaskDownload
from benchmark.tasks.get.origin import Origin
from benchmark.tasks.get.workplace import StagingFolder
from benchmark.tasks.task import Task
from msssl_common.download import Retries
from tests.benchmark.tasks.get.archives import (
    ARCHIVE,
    CLIPS,
    FOLDER,
    clip,
    member,
    tar_gz,
    task_files,
    whole_task,
    write_archive,
)
from tests.benchmark.tasks.get.hostile_server import Behaviour, Server, serving, zenodo_record

CONTENT = tar_gz(whole_task())
MD5 = hashlib.md5(CONTENT).hexdigest()
AT_ONCE = Retries(attempts=3, wait=0.0, longest_wait=0.0)
NEWEST, OLDER = (f"/api/{record}" for record in zenodo.RECORDS)
FILE = f"{NEWEST}/files/{ARCHIVE}/content"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A Zenodo with one archive."""
    with serving(Behaviour()) as running:
        monkeypatch.setattr(zenodo, "API", f"{running.url}/api")
        publish(running, CONTENT)
        yield running


def publish(server: Server, content: bytes) -> None:
    facts = {
        "LICENSE.txt": (1, "0" * 32),
        ARCHIVE: (len(content), hashlib.md5(content).hexdigest()),
    }
    record = zenodo_record(f"{server.url}{NEWEST}", facts)
    server.behaviour.files |= {NEWEST: record, FILE: content}


def get(to: Path, rate: int = 16000, origin: Origin | None = None, keep: bool = False) -> str:
    """Get the task; returns what was said."""
    said = io.StringIO()
    console = Console(file=said, width=200)
    TaskDownload(to, rate, console, origin or Origin(), keep, AT_ONCE).get(FOLDER)
    return said.getvalue()


def refusal(to: Path, rate: int = 16000, origin: Origin | None = None) -> str:
    with pytest.raises((ValueError, OSError)) as refused:
        get(to, rate, origin)
    assert not (to / FOLDER).exists()
    return str(refused.value)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_from_zenodo_to_a_whole_task(server: Server, tmp_path: Path) -> None:
    to = tmp_path / "tasks"
    said = get(to)
    assert "12 clips, 0.00 h, at 16000 Hz" in said
    assert [path.name for path in to.iterdir()] == [FOLDER]
    made, packed = tree(to / FOLDER), task_files()
    assert set(made) == {name.replace("48000/", "16000/") for name in packed}
    for name, data in made.items():
        if name.endswith(".wav"):
            audio, rate = soundfile.read(io.BytesIO(data))
            source, _ = soundfile.read(io.BytesIO(packed[name.replace("16000/", "48000/")]))
            assert rate == 16000
            np.testing.assert_allclose(audio[200:-200], source[::3][200:-200], atol=1e-3)
        else:
            assert data == packed[name]
    (task,) = find_tasks(to)
    assert isinstance(task, Task)


def test_a_task_that_is_here_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    get(tmp_path)
    server.requests.clear()
    assert "is here: 12 clips" in get(tmp_path)
    assert server.requests == []


def test_one_rate_is_kept_unless_asked(server: Server, tmp_path: Path) -> None:
    get(tmp_path, 16000)
    assert rates(tmp_path) == ["16000"]
    get(tmp_path, 48000)
    assert rates(tmp_path) == ["16000", "48000"]
    assert {n: d for n, d in tree(tmp_path / FOLDER).items() if "16000" not in n} == task_files()


def test_kept_source_audio_serves_further_rates_offline(server: Server, tmp_path: Path) -> None:
    get(tmp_path / "kept", 16000, keep=True)
    assert rates(tmp_path / "kept") == ["16000", "48000"]
    get(tmp_path / "fetched", 32000)
    server.requests.clear()
    get(tmp_path / "kept", 32000)
    assert server.requests == []
    assert rates(tmp_path / "kept") == ["16000", "32000", "48000"]
    ours = tree(tmp_path / "kept" / FOLDER / "32000")
    assert ours == tree(tmp_path / "fetched" / FOLDER / "32000")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [FOLDER]


def rates(to: Path) -> list[str]:
    return sorted(path.name for path in (to / FOLDER).iterdir() if path.is_dir())


def test_the_records_are_asked_the_newest_first(server: Server, tmp_path: Path) -> None:
    server.behaviour.files[OLDER] = server.behaviour.files[NEWEST]
    server.behaviour.files[NEWEST] = zenodo_record(server.url, {})
    get(tmp_path)
    assert [path for path, _ in server.requests][:2] == [NEWEST, OLDER]


def test_an_archive_that_hear_does_not_publish(server: Server, tmp_path: Path) -> None:
    for record in (NEWEST, OLDER):
        server.behaviour.files[record] = zenodo_record(server.url, {"other.tar.gz": (1, "0" * 32)})
    said = refusal(tmp_path)
    assert f"list no {ARCHIVE}" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "record", [b"", b"<html>", b"[]", b"{}", b'{"files": 3}', b'{"files": [1]}']
)
def test_a_record_that_is_none(server: Server, tmp_path: Path, record: bytes) -> None:
    server.behaviour.files[NEWEST] = record
    said = refusal(tmp_path)
    assert "is no Zenodo record" in said
    assert_says_what_to_do(said)


def assert_says_what_to_do(said: str) -> None:
    """Which URL, which file, where to put it."""
    assert said.startswith("https://zenodo.org/records/") or said.startswith("http://127.0.0.1")
    assert f"/{ARCHIVE}" in said
    assert f"download it elsewhere as {ARCHIVE}" in said
    assert "--from" in said


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_dns(*_: object, **__: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_dns)
    said = refusal(tmp_path)
    assert "no such host, or no network" in said
    assert_says_what_to_do(said)
    assert "\n" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_server_that_refuses(server: Server, tmp_path: Path, status: int) -> None:
    record = server.behaviour.files.pop(FILE)
    server.behaviour.redirect = None
    assert "HTTP 404" in refusal(tmp_path)
    server.behaviour.files[FILE] = record
    server.behaviour.statuses = [status] * 10
    said = refusal(tmp_path)
    assert f"HTTP {status}" in said
    assert_says_what_to_do(said)


def test_a_zenodo_that_is_busy_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.behaviour.statuses = [429, 503]
    get(tmp_path)
    assert [path for path, _ in server.requests] == [NEWEST, NEWEST, NEWEST, FILE]


def test_circles_cuts_and_lies_on_the_way(server: Server, tmp_path: Path) -> None:
    server.behaviour.cut_after = 1000
    get(tmp_path)
    server.behaviour.redirect = NEWEST
    assert "redirects without an end" in refusal(tmp_path / "other")


def test_a_stopped_download_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    half = len(CONTENT) // 2
    server.behaviour.cut_after, server.behaviour.ranges = half, False
    said = refusal(tmp_path)
    assert f"cut off after {half:,} bytes" in said
    assert "Run the same command again to resume" in said
    server.behaviour.cut_after, server.behaviour.ranges = None, True
    server.requests.clear()
    get(tmp_path)
    assert server.ranges == ["", f"bytes={half}-"]  # the record, and what was missing


def test_a_mirror_is_checked_by_what_zenodo_publishes(server: Server, tmp_path: Path) -> None:
    with serving(Behaviour(files={f"/hear/{ARCHIVE}": CONTENT})) as mirror:
        origin = Origin(mirror=f"{mirror.url}/hear/")
        said = get(tmp_path / "good", origin=origin)
        assert "no checksum" not in said
        mirror.behaviour.files[f"/hear/{ARCHIVE}"] = CONTENT[::-1]
        assert f"but {MD5} is published" in refusal(tmp_path / "bad", origin=origin)
        mirror.behaviour.files[f"/hear/{ARCHIVE}"] = CONTENT[:-1]
        assert f"but {len(CONTENT):,} are published" in refusal(tmp_path / "bad", origin=origin)
        assert FILE not in [path for path, _ in server.requests]


def test_a_mirror_without_zenodo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Behaviour(files={f"/{ARCHIVE}": CONTENT})) as mirror:
        monkeypatch.setattr(zenodo, "API", f"{mirror.url}/nothing")
        said = get(tmp_path, origin=Origin(mirror=mirror.url))
        assert "no checksum to compare with" in said
        assert "HTTP 404" in said
    assert (tmp_path / FOLDER).is_dir()


def test_from_a_folder_nothing_is_fetched(tmp_path: Path, server: Server) -> None:
    archives = tmp_path / "archives"
    path = write_archive(archives, CONTENT)
    get(tmp_path / "tasks", origin=Origin(archives=archives))
    assert server.requests == []
    assert path.read_bytes() == CONTENT
    assert [p.name for p in archives.iterdir()] == [ARCHIVE]


def test_from_a_folder_the_wanted_rate_comes_first(tmp_path: Path) -> None:
    """HEAR's buckets have archives at every rate; hear-preprocess calls them otherwise."""
    archives = tmp_path / "archives"
    packed = tar_gz(whole_task("hear-2021.0.6/tasks/", rate=16000))
    write_archive(archives, CONTENT)
    write_archive(archives, packed, f"hear-2021.0.6-{FOLDER}-16000.tar.gz")
    get(tmp_path / "tasks", 16000, Origin(archives=archives))
    assert tree(tmp_path / "tasks" / FOLDER) == task_files(16000)
    get(tmp_path / "tasks", 22050, Origin(archives=archives))
    assert rates(tmp_path / "tasks") == ["16000", "22050"]


def test_audio_is_never_upsampled(tmp_path: Path) -> None:
    packed = tar_gz(whole_task(rate=16000))
    write_archive(tmp_path / "a", packed, f"hear2021-{FOLDER}-16000.tar.gz")
    assert "nor one of another rate from 22050 Hz on" in refusal(
        tmp_path / "b", 22050, Origin(archives=tmp_path / "a")
    )
    write_archive(tmp_path / "a", packed)  # its name says 48000
    assert "audio is never upsampled" in refusal(
        tmp_path / "b", 22050, Origin(archives=tmp_path / "a")
    )


def test_a_folder_without_the_archive(tmp_path: Path) -> None:
    said = refusal(tmp_path / "tasks", origin=Origin(archives=tmp_path))
    assert f"{tmp_path} has no {ARCHIVE}" in said
    assert "https://zenodo.org/records/" in said


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ({"mirror": "https://a.b", "archives": Path()}, "exclude each other"),
        ({"mirror": "/local/folder"}, "a local folder is --from"),
        ({"mirror": "file:///local/folder"}, "a local folder is --from"),
        ({"archives": Path("nowhere")}, "is not a folder"),
    ],
)
def test_origins_that_are_none(origin: dict[str, object], said: str) -> None:
    with pytest.raises((ValueError, OSError), match=said):
        Origin(**origin)


SYMLINK = member("tasks/x", b"", lambda info: setattr(info, "type", tarfile.SYMTYPE))
HOSTILE = {
    "parent": [*whole_task(), member("../../x.json", b"{}")],
    "absolute": [member("/tmp/x.json", b"{}"), *whole_task()],
    "link": [*whole_task(), SYMLINK],
    "other": [member("tasks/other/train.json", b"{}")],
    "audio": [*whole_task()[:-1], member(f"tasks/{FOLDER}/48000/test/test-3.wav", b"no audio")],
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_archives_leave_nothing(server: Server, tmp_path: Path, name: str) -> None:
    publish(server, tar_gz(HOSTILE[name]))
    outer = tmp_path / "outer"
    said = refusal(outer / "tasks")
    assert "cannot be used" in said
    assert "It was deleted" in said
    assert list(outer.rglob("*")) == [outer / "tasks"]
    assert list(tmp_path.iterdir()) == [outer]


def test_damaged_archives(server: Server, tmp_path: Path) -> None:
    publish(server, CONTENT[:-1000])  # as published: it was broken when it was uploaded
    assert "cut short or damaged" in refusal(tmp_path)
    assert list(tmp_path.iterdir()) == []
    publish(server, CONTENT)
    get(tmp_path)


def test_a_local_archive_is_never_deleted(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archives", CONTENT[:-1000])
    said = refusal(tmp_path / "tasks", origin=Origin(archives=path.parent))
    assert said.startswith(f"{path} cannot be used: it is cut short")
    assert "deleted" not in said
    assert path.is_file()
    write_archive(path.parent, CONTENT)
    get(tmp_path / "tasks", origin=Origin(archives=path.parent))


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("48000/test/test-3.wav", "1 of 12 clips at 16000 Hz"),
        ("test.json", "test.json is missing"),
        ("labelvocabulary.csv", "labelvocabulary.csv is missing"),
        ("task_metadata.json", "task_metadata.json is missing"),
    ],
)
def test_an_archive_that_lacks_a_file(tmp_path: Path, left_out: str, said: str) -> None:
    members = [(i, d) for i, d in whole_task() if not i.name.endswith(left_out)]
    write_archive(tmp_path / "archives", tar_gz(members))
    refused = refusal(tmp_path / "tasks", origin=Origin(archives=tmp_path / "archives"))
    assert said in refused
    assert left_out.rpartition("/")[2] in refused


@pytest.mark.parametrize("seconds", [0.2, 0.3])
def test_clips_of_another_length(tmp_path: Path, seconds: float) -> None:
    odd = f"tasks/{FOLDER}/48000/test/test-3.wav"
    members = [(i, d) for i, d in whole_task() if i.name != odd]
    members.append(member(odd, clip(0, seconds=seconds)))
    write_archive(tmp_path / "archives", tar_gz(members))
    said = refusal(tmp_path / "tasks", origin=Origin(archives=tmp_path / "archives"))
    assert "test-3.wav has" in said
    assert "samples instead of 4000" in said


def test_labels_that_are_here_and_others_are_not_mixed(tmp_path: Path) -> None:
    archives = write_archive(tmp_path / "archives", CONTENT).parent
    get(tmp_path / "tasks", origin=Origin(archives=archives))
    (tmp_path / "tasks" / FOLDER / "train.json").write_text("{}")
    with pytest.raises(ValueError, match=r"train.json is not as in the archive: move"):
        get(tmp_path / "tasks", 32000, Origin(archives=archives))
    assert rates(tmp_path / "tasks") == ["16000"]


def test_what_is_here_and_broken_is_said(tmp_path: Path) -> None:
    archives = write_archive(tmp_path / "archives", CONTENT).parent
    get(tmp_path / "tasks", origin=Origin(archives=archives))
    (tmp_path / "tasks" / FOLDER / "16000" / "train" / CLIPS["train"][0]).unlink()
    with pytest.raises(ValueError, match=r"not whole: 1 of 12 clips .* Remove it"):
        get(tmp_path / "tasks", origin=Origin(archives=archives))


def stop_before_the_end(to: Path, rate: int, origin: Origin) -> None:
    """Leave what a run leaves that was killed when every clip was written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StagingFolder, "publish", lambda _: (_ for _ in ()).throw(OSError("stopped")))
        assert refusal(to, rate, origin) == "stopped"


def test_clips_of_another_rate_are_not_left_behind(tmp_path: Path) -> None:
    origin = Origin(archives=write_archive(tmp_path / "archives", CONTENT).parent)
    stop_before_the_end(tmp_path / "tasks", 22050, origin)
    get(tmp_path / "tasks", 16000, origin)
    assert rates(tmp_path / "tasks") == ["16000"]


def test_clips_of_another_archive_are_not_gone_on_with(tmp_path: Path) -> None:
    origin = Origin(archives=write_archive(tmp_path / "archives", CONTENT).parent)
    stop_before_the_end(tmp_path / "tasks", 48000, origin)
    louder = task_files() | {"48000/train/train-0.wav": clip(50)}
    members = [member(f"tasks/{FOLDER}/{place}", data) for place, data in louder.items()]
    write_archive(tmp_path / "archives", tar_gz(members))
    get(tmp_path / "tasks", 48000, origin)
    assert tree(tmp_path / "tasks" / FOLDER) == louder


def test_a_disk_that_is_too_small(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(get_task.shutil, "disk_usage", lambda _: usage)
    said = refusal(tmp_path)
    assert "has room for 0.0 GB" in said
    assert FILE not in [path for path, _ in server.requests]


def test_two_at_once_do_not_meet(server: Server, tmp_path: Path) -> None:
    with StagingFolder(tmp_path, FOLDER).locked():
        assert "is in use by another" in refusal(tmp_path)
    get(tmp_path)
