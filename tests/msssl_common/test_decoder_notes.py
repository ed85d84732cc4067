"""What libmpg123 writes about damaged files: never raw, and with the name of the file."""

import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile

from msssl_common import decoder_notes as notes
from msssl_common.audio_files import SixteenBits
from msssl_common.decoder_notes import DamagedAudioWarning, decoder_notes, tell
from pretrain.data.audio import read_mono
from tests.msssl_common.damaged_mp3 import write_mp3

DAMAGED = "has damaged parts, which its decoder passed over ("


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(notes, "_told", set())


def test_notes_are_words_about_the_file_and_reach_no_terminal(tmp_path, capfd):
    path = write_mp3(tmp_path / "damaged.mp3")
    soundfile.read(path)
    assert "Trying to resync" in capfd.readouterr().err  # what is true without us
    with decoder_notes(path) as heard:
        soundfile.read(path)
    assert heard.words and heard.words.startswith(DAMAGED) and "first: " in heard.words
    whole = write_mp3(tmp_path / "whole.mp3", damaged=False)
    with decoder_notes(whole) as heard:
        soundfile.read(whole)
    assert heard.words is None
    whole.write_bytes(whole.read_bytes() + b"TAG" + bytes(125) + b"APETAGEX" + bytes(500))
    with decoder_notes(whole) as heard:  # "Xing stream size off by more than 1%"
        soundfile.read(whole)
    assert heard.words is None
    assert capfd.readouterr().err == ""


def test_samples_that_a_decoder_loses_without_a_note_are_counted(tmp_path, capfd):
    path = write_mp3(tmp_path / "damaged.mp3", step=1001)
    bits = SixteenBits()
    samples = read_mono(path, bits=bits)
    assert len(samples) < 30000
    promise = f"gives only {len(samples)} of the 32000 samples that its header promises"
    assert bits.lost and bits.lost.endswith(promise)
    whole = SixteenBits()
    assert len(read_mono(write_mp3(tmp_path / "whole.mp3", damaged=False), bits=whole)) == 32000
    assert whole.lost is None
    assert capfd.readouterr().err == ""


def test_what_others_write_meanwhile_is_not_lost_but_gated(tmp_path, capfd):
    path = write_mp3(tmp_path / "damaged.mp3")
    with decoder_notes(path) as heard:
        os.write(2, b"a library says \x1b[31mno\n")
        soundfile.read(path)
    assert capfd.readouterr().err == "a library says \\x1b[31mno\n"
    assert heard.words and "library" not in heard.words
    os.write(2, b"as ever\n")
    assert capfd.readouterr().err == "as ever\n"


def test_of_files_that_threads_decode_together_only_the_damaged_one_is_named(tmp_path, capfd):
    damaged = write_mp3(tmp_path / "damaged.mp3")
    files = [write_mp3(tmp_path / f"{n}.mp3", damaged=False) for n in range(8)] + [damaged]

    def read(path: Path) -> str | None:
        bits = SixteenBits()
        for _ in range(3):
            read_mono(path, bits=bits)
        return bits.damage

    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(files, pool.map(read, files), strict=True))
    assert [path for path, damage in found.items() if damage] == [damaged]
    assert capfd.readouterr().err == ""


def test_a_file_is_told_once_and_many_are_not_all_named():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in range(100):
            for _ in range(2):
                tell(f"{number}\x1b.mp3", DAMAGED)
        tell("whole.mp3", None)
    assert len(caught) == notes.NAMED + 1
    assert all(issubclass(warning.category, DamagedAudioWarning) for warning in caught)
    assert str(caught[0].message).startswith("0\\x1b.mp3 has damaged parts")
    assert str(caught[-1].message).startswith("More audio files are damaged")


def test_a_closed_descriptor_ends_nothing(tmp_path):
    path = write_mp3(tmp_path / "damaged.mp3")
    code = (
        "import os, sys, soundfile\nfrom pathlib import Path\n"
        "from msssl_common.decoder_notes import decoder_notes\nos.close(2)\n"
        "path = Path(sys.argv[1])\n"
        "with decoder_notes(path) as heard: soundfile.read(path)\n"
        "print(len(heard.words or ''))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 0


def test_a_command_says_it_in_one_line_and_its_own_errors_are_heard(tmp_path):
    path = write_mp3(tmp_path / "damaged.mp3")
    code = (
        "import os, sys, soundfile\nfrom pathlib import Path\n"
        "import click\nfrom msssl_common.decoder_notes import decoder_notes, tell\n"
        "from msssl_common.program import run_program\n"
        "@click.command()\n@click.argument('path', type=Path)\n"
        "def main(path):\n"
        "    with decoder_notes(path) as heard:\n"
        "        soundfile.read(path)\n"
        "        click.echo('of Python', err=True)\n"
        "    tell(path, heard.words)\n"
        "run_program('decode', lambda: main)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    first, second = done.stderr.splitlines()
    assert first == "of Python"
    assert second.startswith(f"{path} {DAMAGED}") and second.endswith(").")
