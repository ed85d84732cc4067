import struct
from collections import Counter

import pytest

from pretrain.data.debian.midi import DRUM_CHANNEL, midi_bytes, songs, variable_length


@pytest.mark.parametrize(
    ("number", "data"),
    [  # the table of the Standard MIDI Files 1.0 specification
        (0x00, "00"),
        (0x40, "40"),
        (0x7F, "7f"),
        (0x80, "81 00"),
        (0x2000, "c0 00"),
        (0x3FFF, "ff 7f"),
        (0x4000, "81 80 00"),
        (0x0FFFFFFF, "ff ff ff 7f"),
    ],
)
def test_variable_length_numbers_are_those_of_the_standard(number, data):
    assert variable_length(number) == bytes.fromhex(data)


def read_midi(data):
    """Events (tick, message) of a file with one track, by a reader of our own."""
    magic, length, form, tracks, ticks = struct.unpack(">4sIHHH", data[:14])
    assert (magic, length, form, tracks) == (b"MThd", 6, 0, 1)
    assert data[14:18] == b"MTrk" and struct.unpack(">I", data[18:22])[0] == len(data) - 22
    place, now, events = 22, 0, []
    while place < len(data):
        delta = 0
        while True:
            byte = data[place]
            place += 1
            delta = delta << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        now += delta
        status = data[place]
        size = 3 + data[place + 2] if status == 0xFF else 2 if status >> 4 == 0xC else 3
        events.append((now, data[place : place + size]))
        place += size
    return ticks, events


@pytest.mark.parametrize("index", [0, 7, 8])
def test_a_song_reads_back_as_its_pieces(index):
    pieces = songs("font")[index]
    channel = pieces[0].channel
    ticks, events = read_midi(midi_bytes(pieces))
    assert events[0] == (0, b"\xff\x51\x03" + (ticks * 1000).to_bytes(3, "big"))  # a tick: 1 ms
    assert events[-1][1] == b"\xff\x2f\x00"
    assert events[-1][0] >= pieces[-1].start + pieces[-1].length
    changes = [(time, message) for time, message in events if message[0] >> 4 == 0xC]
    assert changes == [(p.start, bytes((0xC0 | channel, p.program))) for p in pieces]
    silenced = [(time, message[1]) for time, message in events if message[0] == 0xB0 | channel]
    assert silenced == [(p.start, 120) for p in pieces]  # all sound off
    on = {(t, m[1], m[2]) for t, m in events if m[0] == 0x90 | channel}
    off = Counter((t, m[1]) for t, m in events if m[0] == 0x80 | channel)
    notes = [note for piece in pieces for note in piece.notes]
    assert on == {(note.start, note.key, note.velocity) for note in notes}
    assert off == Counter((note.end, note.key) for note in notes)


def test_every_program_and_the_drums_are_played_inside_their_pieces():
    all_songs = songs("font")
    played = Counter((p.program, p.name.split()[2]) for song in all_songs[:-1] for p in song)
    each = {"note": 7, "chord": 1, "phrase": 1}
    assert played == {(program, k): n for program in range(128) for k, n in each.items()}
    assert {piece.channel for piece in all_songs[-1]} == {DRUM_CHANNEL}
    for song in all_songs:
        end = 0
        for piece in song:
            assert piece.start == end
            end += piece.length
            for note in piece.notes:
                assert piece.start < note.start < note.end <= end
                assert 0 < note.key < 128 and 0 < note.velocity < 128


def test_a_soundfont_gets_the_same_notes_every_time_and_another_one_others():
    assert songs("font") == songs("font")
    assert songs("font")[3] != songs("other")[3]
    # Drawn once with CPython 3.11: the same in every version.
    names = [piece.name for piece in songs("font")[0][:4]]
    assert names == [f"program 000 note {key}" for key in (28, 65, 63, 52)]
