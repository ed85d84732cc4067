import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from msssl_common import decoder_notes
from msssl_common.decoder_notes import DamagedAudioWarning
from msssl_common.locks import FileLock
from pretrain.cli import main
from pretrain.data.debian import corpus, soundfont
from pretrain.data.debian.corpus import CorpusArgs, make_corpus
from pretrain.data.debian.package_list import Package
from tests.msssl_common.damaged_mp3 import write_mp3
from tests.pretrain.data.debian.packages import noise, wav, write_package

ARGS = CorpusArgs(source_hours=0.5, kind_hours=1.0)


@pytest.fixture(autouse=True)
def no_fluidsynth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfont, "fluidsynth", lambda: None)


@pytest.fixture
def debs(tmp_path: Path) -> Path:
    return tmp_path / "debs"


@pytest.fixture
def packages(debs: Path) -> list[Package]:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr(zipfile.ZipInfo("sound/bang.ogg"), wav(noise(1.5, 3), form="OGG"))
    game = {
        "./usr/share/doc/game/copyright": b"License: CC0\n",
        "./usr/share/game/music/theme.flac": wav(noise(24, 1, 22050), 22050, "FLAC"),
        "./usr/share/game/silence.wav": wav(np.zeros(32000, np.int16)),
        "./usr/share/game/text.wav": b"no audio",
        "./usr/share/game/data.pk3": inner.getvalue(),
    }
    voice = {f"./usr/share/voice/fr/{i}.wav": wav(noise(0.7, 10 + i)) for i in range(8)}
    voice["./usr/share/voice/same.flac"] = wav(noise(1.5, 20))
    again = {"./usr/share/again/copy.flac": wav(noise(1.5, 20)), "./b.mp3": wav(noise(2, 5))}
    return [
        replace(write_package(debs, "game", game, "sounds"), parts=(("*/music/*", "music"),)),
        write_package(debs, "voice", voice, "speech"),
        write_package(debs, "zoo", again, "nature"),
    ]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }


def rows_of(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "manifest.csv").read_text("utf-8").splitlines()))


def test_clips_manifest_copyright_and_summary(packages, debs, tmp_path):
    said: list[str] = []
    summary = make_corpus(packages, tmp_path / "out", ARGS, debs, say=said.append)
    rows = rows_of(tmp_path / "out")
    kinds = [(row["kind"], row["package"], row["version"], row["original"]) for row in rows]
    assert kinds[:4] == [
        *[("music", "game", "1:1.0-1", "usr/share/game/music/theme.flac")] * 3,
        ("sounds", "game", "1:1.0-1", "usr/share/game/data.pk3:sound/bang.ogg"),
    ]
    assert [kind for kind, *_ in kinds[4:]] == ["speech"] * 3 + ["nature"]
    joined = next(row for row in rows if " + " in row["original"])
    assert joined["original"].count("/fr/") == 4
    for row in rows:
        file = tmp_path / "out" / row["file"]
        info = soundfile.info(file)
        assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
        assert float(row["seconds"]) == pytest.approx(info.duration, abs=1e-3)
        assert 1 <= info.duration <= 10 and row["licence"] == "CC0-1.0"
        assert row["source"] == row["package"]
    assert (tmp_path / "out" / "copyright" / "game.txt").read_bytes() == b"License: CC0\n"
    text = (tmp_path / "out" / "summary.md").read_text()
    assert "| CC0-1.0 | 0.01 |" in text and "left out: 1 equal" in text
    assert summary.clips == len(rows) and summary.by_kind.keys() == {r["kind"] for r in rows}
    assert [s for s in said if s.startswith("2/3 voice 1:1.0-1: 3 clips")]
    # The music's middle third: resampled from 22.05 kHz, it is still the same signal.
    expected = soundfile.read(io.BytesIO(wav(noise(24, 1, 22050), 22050, "FLAC")))[0]
    ours = soundfile.read(tmp_path / "out" / rows[1]["file"])[0]
    middle = expected[8 * 22050 : 16 * 22050]
    low = np.fft.rfft(middle)[: len(ours) // 2 // 2] / 22050
    assert np.allclose(np.fft.rfft(ours)[: len(low)] / 16000, low, atol=2e-4)


def test_the_same_packages_give_the_same_bytes_in_another_folder(packages, debs, tmp_path):
    make_corpus(packages, tmp_path / "a", ARGS, debs)
    make_corpus(packages, tmp_path / "b", ARGS, debs)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    make_corpus(packages, tmp_path / "a", ARGS, debs)  # again, over itself
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", [3, 6, 9, 15, 17])
def test_killed_at_any_step_it_goes_on_to_the_same_bytes(
    packages, debs, tmp_path, monkeypatch, step
):
    make_corpus(packages, tmp_path / "whole", ARGS, debs)
    unpacked: list[str] = []
    calls = 0

    def killing(call):
        def inner(*arguments):
            nonlocal calls
            calls += 1
            if calls == step:
                raise Killed
            return call(*arguments)

        return inner

    prepare = corpus.prepare
    with monkeypatch.context() as patch:
        for name in ("write_bytes", "write_text", "prepare", "read_prepared"):
            patch.setattr(corpus, name, killing(getattr(corpus, name)))
        with pytest.raises(Killed):
            make_corpus(packages, tmp_path / "out", ARGS, debs)
    done = [path.stem for path in (tmp_path / "out" / ".work").glob("*.zip")]

    def noting(deb, path, hours):
        unpacked.append(deb.package.name)
        prepare(deb, path, hours)

    monkeypatch.setattr(corpus, "prepare", noting)
    make_corpus(packages, tmp_path / "out", ARGS, debs)
    assert sorted([*done, *unpacked]) == ["game", "voice", "zoo"]
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_nothing_is_left_of_a_process_that_was_killed_while_it_unpacked(packages, debs, tmp_path):
    left = tmp_path / "out" / ".work" / ".unpacked-x"
    left.mkdir(parents=True)
    (left / "000000.wav").write_bytes(b"half")
    (tmp_path / "out" / ".work" / "game.zip.part").write_bytes(b"half")
    make_corpus(packages, tmp_path / "out", ARGS, debs)
    assert sorted(p.name for p in left.parent.iterdir()) == ["game.zip", "voice.zip", "zoo.zip"]


def test_what_is_in_a_task_is_left_out_also_later(packages, debs, tmp_path):
    make_corpus(packages, tmp_path / "out", ARGS, debs)
    before = rows_of(tmp_path / "out")
    (tmp_path / "task" / "16000").mkdir(parents=True)
    theme = soundfile.read(tmp_path / "out" / before[0]["file"], dtype="int16")[0]
    excerpt = np.rint(theme[32000:64000] * 0.5).astype(np.int16)
    soundfile.write(tmp_path / "task" / "16000" / "x.wav", excerpt, 16000)
    summary = make_corpus(packages, tmp_path / "out", ARGS, debs, tmp_path / "task")
    assert rows_of(tmp_path / "out") == before[1:]
    assert not (tmp_path / "out" / before[0]["file"]).exists()
    assert summary.dropped["in a task"] == 1
    text = (tmp_path / "out" / "summary.md").read_text()
    assert "- game: usr/share/game/music/theme.flac at " in text and "~ 16000/x.wav at " in text


def test_another_version_and_a_missing_and_a_damaged_package_are_told(packages, debs, tmp_path):
    (debs / packages[0].file_name).unlink()
    write_package(debs, "game", {"./a.wav": wav(noise(2, 1))}, "sounds", "2.0-1")
    (debs / packages[1].file_name).unlink()
    (debs / packages[1].file_name.replace("1.0", "0.9")).write_bytes(b"!<arch>\n")
    (debs / packages[2].file_name).unlink()
    said: list[str] = []
    make_corpus(packages, tmp_path / "out", ARGS, debs, say=said.append)
    assert said[0] == "game: version 2.0-1 is used, because 1:1.0-1 of the list is not available"
    assert "it is no Debian package" in said[2] and said[2].endswith("made without it")
    assert said[3].startswith("zoo: no zoo_1%3a1.0-1_all.deb in ")
    assert [row["version"] for row in rows_of(tmp_path / "out")] == ["2.0-1"]
    assert said[0] in (tmp_path / "out" / "summary.md").read_text()


def test_recordings_that_are_not_whole_and_files_that_cannot_be_compared_are_named(
    debs, tmp_path, monkeypatch, capfd
):
    monkeypatch.setattr(decoder_notes, "_told", set())
    damaged = write_mp3(tmp_path / "damaged.mp3").read_bytes()
    files = {"./usr/share/a.mp3": damaged, "./b.wav": b"no audio", "./c.wav": wav(noise(2, 1))}
    packages = [write_package(debs, "game", files, "sounds")]
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "clip.wav").write_bytes(wav(noise(2, 9)))
    (tmp_path / "tasks" / "text.wav").write_bytes(b"no audio")
    for out in ("first", "first", "again"):  # the second call resumes
        said = []
        decoder_notes._told.clear()
        with pytest.warns(DamagedAudioWarning, match=r"^game: usr/share/a.mp3 has damaged parts"):
            make_corpus(
                packages, tmp_path / out, CorpusArgs(1, 1), debs, tmp_path / "tasks", said.append
            )
        lost = [s for s in said if s.startswith("game: 1 recording cannot be used, the first: b.")]
        assert len(lost) == 1
        assert [s for s in said if s.startswith("not compared: text.wav")]
    assert capfd.readouterr().err == ""


def test_bad_input_is_one_sentence(packages, debs, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(OSError, match="nowhere: no such folder; --from needs one of"):
        make_corpus(packages, out, ARGS, tmp_path / "nowhere")
    with pytest.raises(OSError, match="no such folder; give a folder of audio files"):
        make_corpus(packages, out, ARGS, debs, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="none of the packages gave a clip"):
        make_corpus(packages, out, ARGS, tmp_path / "empty")
    with pytest.raises(ValueError, match=r"begun with other kind_hours 1\.0, not 2\.0; give ano"):
        make_corpus(packages, out, CorpusArgs(0.5, 2.0), debs)
    with pytest.raises(ValueError, match="begun with other packages; give another --out"):
        make_corpus(packages[:1], out, ARGS, debs)
    lock = FileLock.take(out / ".lock")
    assert lock is not None
    with pytest.raises(ValueError, match="another mspretrain corpus is writing to it; wait"):
        make_corpus(packages, out, ARGS, debs)
    lock.release()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "manifest.csv").write_text("file,source\n")
    with pytest.raises(ValueError, match=r"holds a manifest\.csv but no corpus of ours"):
        make_corpus(packages, tmp_path / "mine", ARGS, debs)


def test_the_command(tmp_path):
    debs = tmp_path / "debs"
    write_package(debs, "sound-icons", {"./a.wav": wav(noise(2, 1))}, "sounds", "9")
    arguments = ["corpus", "debian", "--out", str(tmp_path / "out"), "--from", str(debs)]
    done = CliRunner().invoke(main, [*arguments, "--only", "sound-icons"])
    assert done.exit_code == 0, done.output
    assert "1 clips, 0.00 h: sounds 0.00 h" in done.output
    failed = CliRunner().invoke(main, [*arguments, "--only", "nethack"])
    assert failed.exit_code == 1
    assert failed.output.startswith("Error: 'nethack' is not in the list of packages")
