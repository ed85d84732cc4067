import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from msssl_common.locks import FileLock
from pretrain.cli import main
from pretrain.data.pack import workers
from pretrain.data.pack.clip import Dropped, PackArgs, prepare
from pretrain.data.pack.codec import decode
from pretrain.data.pack.pack import pack
from pretrain.data.pack.wanted import clips_of_folder


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["pack", "--processes", "1", *map(str, arguments)])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_folder_becomes_shards_a_manifest_and_a_list_of_what_was_left_out(
    audio: Path, tmp_path: Path
) -> None:
    out = tmp_path / "shards"
    result = call("--data", audio, "--out", out, "--clips-per-shard", 4)
    assert result.exit_code == 0, result.output
    assert "10 wanted: 6 packed into 2 shards" in result.output
    assert "0 missing, 2 unreadable, 1 near-silent, 1 duplicate" in result.output
    dropped = {row["clip_id"]: (row["why"], row["detail"]) for row in rows(out / "dropped.csv")}
    twins = {"a/0.wav", "b/copy.of.0.flac"}
    twin = (twins & set(dropped)).pop()
    assert dropped.pop(twin) == ("duplicate", f"the samples of {(twins - {twin}).pop()}")
    assert {clip: why for clip, (why, _) in dropped.items()} == {
        "a/nothing.wav": "unreadable",
        "b/quiet.wav": "near-silent",
        "b/text.wav": "unreadable",
    }
    manifest = rows(out / "manifest.csv")
    packed = {f"{'ab'[i % 2]}/{i}.wav" for i in range(1, 6)} | twins - {twin}
    assert {row["clip_id"] for row in manifest} == packed
    for row in manifest:
        samples, _ = soundfile.read(audio / row["clip_id"], dtype="int16")
        assert row["sha256"] == hashlib.sha256(samples.tobytes()).hexdigest()
        assert row["source"] == row["clip_id"][0] and float(row["seconds"]) == 0.6
        shard = (out / row["shard"]).read_bytes()
        place = slice(int(row["offset"]), int(row["offset"]) + int(row["size"]))
        np.testing.assert_array_equal(decode(shard[place]), samples)


def test_shards_follow_webdataset_s_naming_and_the_bytes_do_not_depend_on_when(
    audio: Path, tmp_path: Path
) -> None:
    pack(clips_of_folder(audio), audio, tmp_path / "one", PackArgs(clips_per_shard=4), 1)
    with tarfile.open(tmp_path / "one" / "shard-000000.tar") as tar:
        members = tar.getmembers()
        assert [member.name.partition(".")[2] for member in members] == ["flac", "json"] * 4
        card = json.load(tar.extractfile(members[1]))  # type: ignore[arg-type]
        assert (audio / card["clip_id"]).is_file() and card["sample_rate"] == 16000
    for path in audio.rglob("*.wav"):
        os.utime(path)
    pack(clips_of_folder(audio), audio, tmp_path / "two", PackArgs(clips_per_shard=4), 2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_real_webdataset_reads_them(audio: Path, tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset", reason="pip install webdataset")
    pack(clips_of_folder(audio), audio, tmp_path / "shards", PackArgs(clips_per_shard=4), 1)
    urls = [str(path) for path in sorted((tmp_path / "shards").glob("*.tar"))]
    samples = list(webdataset.WebDataset(urls, shardshuffle=False))
    assert len(samples) == 6 and len({sample["__key__"] for sample in samples}) == 6
    for sample in samples:
        card = json.loads(sample["json"])
        original, _ = soundfile.read(audio / card["clip_id"], dtype="int16")
        np.testing.assert_array_equal(decode(sample["flac"]), original)


@pytest.mark.parametrize("after", range(4))
def test_a_packing_that_stopped_anywhere_ends_with_the_same_bytes(
    audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    wanted, args = clips_of_folder(audio), PackArgs(clips_per_shard=2)
    pack(wanted, audio, tmp_path / "whole", args, 1)
    calls = 0

    def stopping(path: Path, data: bytes) -> None:
        """Half a file, then the end, at one of the writes of shards and journals."""
        nonlocal calls
        calls += 1
        path.parent.mkdir(exist_ok=True)
        if calls > after:
            path.with_name(f".{path.name}.99.part").write_bytes(data[:50])
            raise KeyboardInterrupt
        path.write_bytes(data)

    with monkeypatch.context() as patch:
        patch.setattr("pretrain.data.pack.shard_file.write_bytes", stopping)
        patch.setattr(
            "pretrain.data.pack.shard_file.write_text",
            lambda path, text: stopping(path, text.encode()),
        )
        with pytest.raises(KeyboardInterrupt):
            pack(wanted, audio, tmp_path / "part", args, 1)
    pack(wanted, audio, tmp_path / "part", args, 2)
    assert contents(tmp_path / "part") == contents(tmp_path / "whole")


def test_kill_9_leaves_no_process_behind_and_the_same_command_goes_on(
    audio: Path, tmp_path: Path
) -> None:
    for index in range(6, 30):
        samples = np.random.default_rng(index).normal(0, 3000, 48000).astype(np.int16)
        soundfile.write(audio / f"{index}.wav", samples, 16000)
    out = tmp_path / "part"
    command = [sys.executable, "-c", "from pretrain.cli import main; main()", "pack"]
    command += ["--data", str(audio), "--out", str(out), "--clips-per-shard", "3"]
    process = subprocess.Popen([*command, "--processes", "2"], start_new_session=True)
    deadline = time.monotonic() + 60
    while not (out / "journal" / "000001.json").is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    while _session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _session(process.pid) == []
    assert (out / "journal" / "000001.json").is_file()
    args = PackArgs(clips_per_shard=3)
    pack(clips_of_folder(audio), audio, out, args, 1)
    pack(clips_of_folder(audio), audio, tmp_path / "whole", args, 1)
    assert contents(out) == contents(tmp_path / "whole")


def _session(leader: int) -> list[int]:
    """Live processes of a session, by /proc (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def test_a_file_that_crashes_its_decoder_is_left_out(
    audio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = clips_of_folder(audio)
    monkeypatch.setattr(workers, "prepare", crashing_prepare)
    results = [result.clip for result in workers.prepared(wanted, audio, PackArgs(), 2)]
    crashed = next(i for i, clip in enumerate(wanted) if clip.clip_id == "b/text.wav")
    assert results[crashed] == Dropped("unreadable", "b/text.wav: its decoder crashed")
    others = [prepare(clip, audio, PackArgs()).clip for clip in wanted]
    assert results[:crashed] + results[crashed + 1 :] == others[:crashed] + others[crashed + 1 :]


def crashing_prepare(clip, folder, args):  # type: ignore[no-untyped-def]
    if clip.clip_id == "b/text.wav":
        os._exit(139)
    return prepare(clip, folder, args)


def test_a_name_that_is_no_utf_8_is_listed_printably(audio: Path, tmp_path: Path) -> None:
    (audio / "caf\udce9.wav").write_bytes((audio / "a" / "0.wav").read_bytes())
    result = call("--data", audio, "--out", tmp_path / "shards")
    assert result.exit_code == 0 and "3 unreadable" in result.output
    assert rb"caf\udce9.wav,unreadable," in (tmp_path / "shards" / "dropped.csv").read_bytes()


def test_two_processes_do_not_write_to_one_folder(audio: Path, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    lock = FileLock.take(tmp_path / "shards" / ".lock")
    assert lock is not None
    result = call("--data", audio, "--out", tmp_path / "shards")
    lock.release()
    assert result.exit_code == 1 and "another mspretrain pack is writing to it" in result.output


def test_other_settings_or_another_list_do_not_mix_with_what_is_there(
    audio: Path, tmp_path: Path
) -> None:
    out = tmp_path / "shards"
    assert call("--data", audio, "--out", out).exit_code == 0
    again = call("--data", audio, "--out", out)
    assert again.exit_code == 0 and "6 packed into 1 shard " in again.output
    other = call("--data", audio, "--out", out, "--codec", "opus")
    assert other.exit_code == 1 and "was begun with codec 'flac', not 'opus'" in other.output
    (audio / "a" / "0.wav").unlink()
    fewer = call("--data", audio, "--out", out)
    assert fewer.exit_code == 1 and "was begun with clips 10, not 9" in fewer.output


def test_a_list_without_any_audio_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_text("no audio")
    result = call("--data", tmp_path, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "none of 1 clips can be packed (x.wav: unreadable" in result.output


def test_a_disk_that_is_taken_away_ends_it_and_is_gone_on_from(
    audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it held is not missing for good."""
    monkeypatch.setattr("pretrain.data.pack.workers.AHEAD", 1)  # none is read before it is taken
    clips = clips_of_folder(audio)
    args = PackArgs(clips_per_shard=2)
    pack(clips, audio, tmp_path / "whole", args, 1)

    def take(done: int) -> None:
        if done == 3:
            audio.rename(tmp_path / "away")

    with pytest.raises(FileNotFoundError, match="audio is gone: put it back"):
        pack(clips, audio, tmp_path / "shards", args, 1, take)
    (tmp_path / "away").rename(audio)
    pack(clips, audio, tmp_path / "shards", args, 1)
    assert contents(tmp_path / "shards") == contents(tmp_path / "whole")
