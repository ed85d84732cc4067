"""Rendering songs with fluidsynth, offline."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from msssl_common.messages import one_printable_line
from pretrain.data.audio import SAMPLE_RATE, read_mono
from pretrain.data.debian.clips import Clip, cut_recording
from pretrain.data.debian.midi import Piece, midi_bytes, songs

RATE = 44100  # Hz, of fluidsynth's output
SECONDS = 1800  # that a song may take to render: it is 6 minutes of sound
# Without reverberation and chorus, in one thread, and nothing read from a user's settings.
OPTIONS = (
    *("-n", "-i", "-q", "-f", os.devnull, "-R", "0", "-C", "0"),
    *("-o", "synth.cpu-cores=1", "-T", "wav"),
)


def fluidsynth() -> str | None:
    """Path of the program; None where it is not installed."""
    return shutil.which("fluidsynth")


def fluidsynth_version() -> str:
    """E.g. ``2.3.1``; empty where it is not installed."""
    if (program := fluidsynth()) is None:
        return ""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, errors="replace")
    words = [w for w in done.stdout.split() if w[:1].isdigit()]
    return one_printable_line(words[0]) if words else ""


def render(name: str, soundfont: Path) -> Iterator[Clip]:
    """Clips of every General MIDI program of a soundfont.

    Args:
        name: Of the soundfont; decides which notes are played.
        soundfont: The file; temporary files are written beside it, and deleted.

    Raises:
        ValueError: fluidsynth cannot render it.
    """
    for song in songs(name):
        yield from _render_song(song, soundfont)


def _render_song(song: tuple[Piece, ...], soundfont: Path) -> Iterator[Clip]:
    midi, wave = soundfont.with_name("song.mid"), soundfont.with_name("song.wav")
    midi.write_bytes(midi_bytes(song))
    program = fluidsynth() or "fluidsynth"
    command = [program, *OPTIONS, "-r", str(RATE), "-F", str(wave), str(soundfont), str(midi)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{soundfont}: fluidsynth takes over {SECONDS} s for one song") from None
    if done.returncode or not wave.is_file():
        raise ValueError(
            f"{soundfont}: fluidsynth cannot render it ({one_printable_line(done.stderr)[:200]})"
        )
    samples = read_mono(wave)
    midi.unlink()
    wave.unlink()
    for piece in song:
        start = piece.start * SAMPLE_RATE // 1000
        part = samples[start : start + piece.length * SAMPLE_RATE // 1000]
        yield from cut_recording(piece.name, part)
