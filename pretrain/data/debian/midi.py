"""Notes, chords and phrases of the General MIDI instruments, as Standard MIDI files.

Written here, byte by byte (Standard MIDI Files 1.0, RP-001): the same for everybody.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

TICKS = 500  # a quarter note; at 120 quarters a minute, a tick is 1 ms
PROGRAMS = 128  # of General MIDI level 1
DRUMS = range(35, 82)  # keys of the percussion channel with a sound in General MIDI level 1
DRUM_CHANNEL = 9
PROGRAMS_A_SONG = 16  # 6 minutes of audio
ALL_SOUND_OFF = 120  # controller
NOTES = 7  # single notes of each program
CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 6), (0, 5, 7), (0, 4, 7, 11))  # semitones
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))
LEAD = 50  # ms of silence before what sounds


@dataclass(frozen=True)
class Note:
    """A note: onset and end in ms, MIDI key, velocity."""

    start: int
    end: int
    key: int
    velocity: int


@dataclass(frozen=True)
class Piece:
    """Something to render, and where.

    Attributes:
        name: E.g. ``program 040 note 62``.
        channel: MIDI channel; ``DRUM_CHANNEL`` for percussion.
        program: Of General MIDI, from 0.
        start: ms from the beginning of the file.
        length: ms until the next piece.
        notes: Onsets and ends from the beginning of the file.
    """

    name: str
    channel: int
    program: int
    start: int
    length: int
    notes: tuple[Note, ...]


def songs(soundfont: str) -> list[tuple[Piece, ...]]:
    """What to render with a soundfont: pieces of every program, and of drums, one after the other.

    Args:
        soundfont: Name; other ones get other notes.

    Returns:
        The pieces of one MIDI file each. A file holds many programs, since a synthesiser takes
        seconds to load a large soundfont, and not all, so that the audio stays small.
    """
    groups = []
    for first in range(0, PROGRAMS, PROGRAMS_A_SONG):
        pieces: list[Piece] = []
        for program in range(first, first + PROGRAMS_A_SONG):
            _play_program(pieces, soundfont, program)
        groups.append(tuple(pieces))
    drums: list[Piece] = []
    _play_drums(drums, soundfont)
    return [*groups, tuple(drums)]


def midi_bytes(pieces: Sequence[Piece]) -> bytes:
    """Pieces as a Standard MIDI file of format 0. What still rings ends where a piece begins."""
    events = []
    for piece in pieces:
        on, off = 0x90 | piece.channel, 0x80 | piece.channel
        events.append((piece.start, 1, bytes((0xB0 | piece.channel, ALL_SOUND_OFF, 0))))
        events.append((piece.start, 2, bytes((0xC0 | piece.channel, piece.program))))
        for note in piece.notes:
            events.append((note.end, 0, bytes((off, note.key, 0))))
            events.append((note.start, 3, bytes((on, note.key, note.velocity))))
    events.sort()
    track, now = bytearray(b"\0\xff\x51\x03" + (500_000).to_bytes(3, "big")), 0  # us per quarter
    for time, _, message in events:
        track += variable_length(time - now) + message
        now = time
    last = pieces[-1]
    track += variable_length(max(0, last.start + last.length - now)) + b"\xff\x2f\x00"
    return struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, TICKS, b"MTrk", len(track)) + bytes(track)


def _play_program(pieces: list[Piece], soundfont: str, program: int) -> None:
    draw = _Draw(f"{soundfont} {program}")
    name = f"program {program:03d}"
    add = partial(_add, pieces, draw, 0, program)
    for _ in range(NOTES):
        key = draw.integer(28, 92)
        add(f"{name} note {key}", 2000, [(0, draw.integer(300, 1500), key)])
    root, chord = draw.integer(40, 72), CHORDS[draw.integer(0, len(CHORDS) - 1)]
    length = draw.integer(1000, 2000)
    add(f"{name} chord {root}", 3000, [(0, length, root + up) for up in chord])
    add(f"{name} phrase", 7000, _phrase(draw))


def _phrase(draw: _Draw) -> list[tuple[int, int, int]]:
    """Steps along a scale in a steady beat with rests: onset, duration, key."""
    scale, root = SCALES[draw.integer(0, len(SCALES) - 1)], draw.integer(43, 67)
    beat, place, now = draw.integer(120, 400), draw.integer(0, 9), 0
    notes = []
    while now < 5500:
        length = beat * draw.integer(1, 3)
        octave, degree = divmod(place, len(scale))
        if draw.integer(0, 9):  # else a rest
            notes.append((now, length * 9 // 10, root + 12 * octave + scale[degree]))
        now += length
        place = min(max(place + draw.integer(-3, 3), 0), 14)
    return notes


def _play_drums(pieces: list[Piece], soundfont: str) -> None:
    draw = _Draw(f"{soundfont} drums")
    add = partial(_add, pieces, draw, DRUM_CHANNEL, 0)
    for key in DRUMS:
        add(f"drum {key}", 1500, [(0, 200, key)])
    for number in range(24):
        beat = draw.integer(110, 260)
        kit = [draw.integer(DRUMS.start, DRUMS.stop - 1) for _ in range(3)] + [36, 38, 42]
        steps = [(kit[draw.integer(0, 5)], step) for step in range(5000 // beat)]
        hits = [(step * beat, beat * 9 // 10, key) for key, step in steps if draw.integer(0, 4)]
        add(f"drum pattern {number:02d}", 6000, hits)


def _add(
    pieces: list[Piece],
    draw: _Draw,
    channel: int,
    program: int,
    name: str,
    length: int,
    notes: Sequence[tuple[int, int, int]],
) -> None:
    """Add a piece after the others; notes are onset and duration in it, and key."""
    start = pieces[-1].start + pieces[-1].length if pieces else 0
    first = start + LEAD
    played = tuple(
        Note(first + onset, first + onset + duration, key, draw.integer(50, 120))
        for onset, duration, key in notes
    )
    pieces.append(Piece(name, channel, program, start, length, played))


class _Draw:
    """Integers drawn by a text: ``random()`` of a text gives the same in every Python 3."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def integer(self, lowest: int, highest: int) -> int:
        return lowest + int(self._random.random() * (highest - lowest + 1))


def variable_length(number: int) -> bytes:
    """Seven bits a byte, all but the last with the top bit."""
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(0x80 | number & 0x7F)
    return bytes(reversed(parts))
