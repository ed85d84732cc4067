"""Archives that would write outside, link, fill the disk or the memory, or are cut short."""

import gzip
import io
import os
import struct
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.tasks.get.archive import ArchiveError, Entry, Limits, place_in_task, read_archive
from tests.benchmark.tasks.get.archives import (
    FOLDER,
    member,
    tar_gz,
    task_files,
    whole_task,
    write_archive,
)


def entries(path: Path, **limits: float) -> list[Entry]:
    return list(read_archive(path, FOLDER, lambda *_: None, Limits(**limits)))


def refusal(path: Path, **limits: float) -> str:
    with pytest.raises(ArchiveError) as refused:
        entries(path, **limits)
    return str(refused.value)


@pytest.mark.parametrize("prefix", ["tasks/", "hear-2021.0.6/tasks/", "./tasks/", ""])
def test_every_layout_that_hear_published(tmp_path: Path, prefix: str) -> None:
    path = write_archive(tmp_path, tar_gz(whole_task(prefix)))
    found = {entry.place.as_posix(): entry.data for entry in entries(path)}
    assert found == task_files()


def test_progress_is_in_bytes_of_the_archive(tmp_path: Path) -> None:
    path = write_archive(tmp_path, tar_gz(whole_task()))
    progress: list[tuple[int, int]] = []
    list(read_archive(path, FOLDER, lambda *done: progress.append(done)))
    assert progress == sorted(progress)
    assert progress[-1] == (path.stat().st_size, path.stat().st_size)


def test_files_that_the_format_does_not_know_are_left_out(tmp_path: Path) -> None:
    odd = [
        "README.md",
        "48000/loose.wav",
        "48000/train/deep/er.wav",
        "48000/train/._a.wav",
        "a/b/c",
    ]
    more = [member(f"tasks/{FOLDER}/{name}", b"odd") for name in odd]
    path = write_archive(tmp_path, tar_gz([*whole_task(), *more]))
    assert {entry.place.as_posix() for entry in entries(path)} == set(task_files())


HOME = f"tasks/{FOLDER}"
HOSTILE_NAMES = [
    "/etc/cron.d/x",
    "../x.json",
    f"{HOME}/../../x.json",
    f"{HOME}/48000/../../../x.wav",
    f"{HOME}/48000/..",
    f"{HOME}\\..\\..\\x.json",
    "C:/x.json",
    "c:x.json",
    f"{HOME}/x\n.json",
    f"{HOME}/x\x1b[31m.json",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    path = write_archive(tmp_path, tar_gz([*whole_task(), member(name, b"{}")]))
    assert "leads outside the task folder" in refusal(path)


def test_empty_names_are_refused(tmp_path: Path) -> None:
    for name in (f"{HOME}//x.json", "."):
        path = write_archive(tmp_path, tar_gz([*whole_task(), member(name, b"{}")]))
        assert refusal(path)


def test_names_of_another_task_are_refused(tmp_path: Path) -> None:
    for name in ("tasks/other-v1-full/train.json", "other/train.json", "etc/passwd"):
        path = write_archive(tmp_path, tar_gz([member(name, b"{}")]))
        assert refusal(path) == f"member '{name}' is not of task {FOLDER}"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device, a pipe or of unknown type"),
        (tarfile.BLKTYPE, "a device, a pipe or of unknown type"),
        (tarfile.FIFOTYPE, "a device, a pipe or of unknown type"),
        (b"Z", "a device, a pipe or of unknown type"),
    ],
)
def test_only_files_and_folders(tmp_path: Path, kind: bytes, said: str) -> None:
    def change(info: tarfile.TarInfo) -> None:
        info.type = kind
        info.linkname = "/etc/passwd"

    path = write_archive(tmp_path, tar_gz([member(f"{HOME}/train.json", b"", change)]))
    assert refusal(path) == f"member '{HOME}/train.json' is {said}, not a plain file"


def test_sparse_files_are_refused(tmp_path: Path) -> None:
    """A GNU sparse header claims holes of any size: 512 bytes would unpack to a megabyte."""
    info = tarfile.TarInfo(f"{HOME}/train.json")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:398] = header[398:410] = b"00000000000\0"
    header[483:495] = b"00004000000\0"  # the size with its holes: 1 MB
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    path = write_archive(tmp_path, gzip.compress(bytes(header) + bytes(1024)))
    assert refusal(path) == f"member '{HOME}/train.json' is a sparse file, not a plain file"


def test_the_same_member_twice_is_refused(tmp_path: Path) -> None:
    again = member(f"{HOME}/train.json", b"{}")
    assert "comes twice" in refusal(write_archive(tmp_path, tar_gz([*whole_task(), again])))


def test_an_archive_without_the_task_is_refused(tmp_path: Path) -> None:
    only_the_folder = whole_task()[:1]
    assert "no file of task" in refusal(write_archive(tmp_path, tar_gz(only_the_folder)))
    assert refusal(write_archive(tmp_path, tar_gz([])))


def test_limits_on_size_and_number(tmp_path: Path) -> None:
    path = write_archive(tmp_path, tar_gz(whole_task()))
    assert "unpacks to over 100,000 bytes" in refusal(path, total_bytes=100_000)
    assert "over 5 members" in refusal(path, files=5)
    assert "no file of a task has over 20,000" in refusal(path, file_bytes=20_000)
    assert entries(path, files=len(whole_task()))


def test_a_bomb_stops_at_its_ratio(tmp_path: Path) -> None:
    """40 MB of zeros in 40 kB: stopped before the last of them, without holding them."""
    zeros = bytes(10 << 20)
    bomb = [member(f"{HOME}/48000/train/{i}.wav", zeros) for i in range(4)]
    path = write_archive(tmp_path, tar_gz(bomb))
    assert path.stat().st_size < 80_000
    found = []
    with pytest.raises(ArchiveError, match="over 100 times its own size"):
        for entry in read_archive(path, FOLDER, lambda *_: None, Limits(free_bytes=25 << 20)):
            found.append(entry.place)
    assert len(found) == 2
    assert len(entries(path)) == 4  # the first 256 MB are free


def test_names_in_extended_headers_are_checked_too(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info, data = member(f"{HOME}/train.json", b"{}")
        info.pax_headers = {"path": "../../x.json"}
        tar.addfile(info, io.BytesIO(data))
    path = write_archive(tmp_path, gzip.compress(buffer.getvalue()))
    assert "member '../../x.json' leads outside" in refusal(path)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_bomb_in_a_header_stops_before_the_memory_is_full(tmp_path: Path, kind: bytes) -> None:
    """Names and extended headers are read by tarfile itself, into memory."""
    info = tarfile.TarInfo("name")
    info.type = kind
    info.size = 60 << 20
    raw = info.tobuf(tarfile.GNU_FORMAT) + bytes(info.size)
    path = write_archive(tmp_path, gzip.compress(raw))
    tracemalloc.start()
    said = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "1,048,576 bytes that belong to no file" in said
    assert peak < 10 << 20


def test_bytes_after_the_end_are_refused(tmp_path: Path) -> None:
    tar = gzip.decompress(tar_gz(whole_task()))
    path = write_archive(tmp_path, gzip.compress(tar + os.urandom(2 << 20)))
    assert "bytes that belong to no file" in refusal(path)


def test_archives_cut_short_at_any_place(tmp_path: Path) -> None:
    content = tar_gz(whole_task())
    for size in [*range(0, len(content), len(content) // 40), len(content) - 1, len(content) - 8]:
        said = refusal(write_archive(tmp_path, content[:size]))
        assert "cut short or damaged" in said, size


def test_a_tar_that_is_cut_within_a_whole_gzip(tmp_path: Path) -> None:
    tar = gzip.decompress(tar_gz(whole_task()))
    for size in (100, 512, 700, 30_000):
        path = write_archive(tmp_path, gzip.compress(tar[:size]))
        assert refusal(path)


def test_flipped_bits_are_found(tmp_path: Path) -> None:
    content = tar_gz(whole_task())
    for place in range(20, len(content), len(content) // 25):
        flipped = bytearray(content)
        flipped[place] ^= 0x10
        assert refusal(write_archive(tmp_path, bytes(flipped))), place


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b"no tar" * 1000), b"\x1f\x8b" + bytes(100)],
    ids=["empty", "text", "no tar", "zeros"],  # the same in each process: gzip notes the time
)
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    assert refusal(write_archive(tmp_path, content))


@pytest.mark.parametrize("size", [-512, -1, 1 << 62])
def test_impossible_sizes(tmp_path: Path, size: int) -> None:
    """Base-256 sizes below zero sent older tarfiles into a loop without end (CVE-2025-8194)."""
    info = tarfile.TarInfo(f"{HOME}/train.json")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = struct.pack(">I", 0xFFFFFFFF if size < 0 else 0x80000000) + struct.pack(
        ">q", size
    )
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    path = write_archive(tmp_path, gzip.compress(bytes(header) + bytes(2048)))
    assert refusal(path)


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    info = tarfile.TarInfo(f"{HOME}/48000/train/XX.wav")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[:100] = bytes(header[:100]).replace(b"XX", b"\xff\xfe")
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    path = write_archive(tmp_path, gzip.compress(bytes(header) + bytes(1024)))
    refusal(path).encode()  # can be printed


PARTS = st.sampled_from(["tasks", FOLDER, "48000", "train", "a.wav", "..", ".", "", "/", "\\"])


@pytest.mark.skipif(not hasattr(tarfile, "data_filter"), reason="a Python without tar filters")
@given(
    name=st.lists(PARTS, min_size=1, max_size=7).map("/".join),
    kind=st.sampled_from(
        [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
    ),
    link=st.lists(PARTS, max_size=4).map("/".join),
)
def test_nothing_passes_that_pythons_own_filter_refuses(name: str, kind: bytes, link: str) -> None:
    """And whatever passes is a place inside the folder, by the operating system's own rules."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    try:
        place = place_in_task(info, FOLDER)
    except ArchiveError:
        return
    tarfile.data_filter(info, "/somewhere/tasks")
    if place is not None:
        assert kind == tarfile.REGTYPE
        joined = os.path.normpath(Path("/somewhere/tasks") / place)
        assert joined.startswith("/somewhere/tasks/")


def test_a_pax_header_may_give_a_long_name(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    name = "x" * 200 + ".wav"
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info, data = member(f"{HOME}/48000/train/{name}", b"x")
        tar.addfile(info, io.BytesIO(data))
    path = write_archive(tmp_path, gzip.compress(buffer.getvalue()))
    assert [entry.place.name for entry in entries(path)] == [name]
