"""With a stand-in for fluidsynth that plays each note as a sine of its key's frequency."""

import sys
from pathlib import Path

import numpy as np
import pytest

from pretrain.data.debian import soundfont
from pretrain.data.debian.midi import songs

PROGRAM = """#!{python}
import struct, sys, wave
import numpy as np
arguments = sys.argv[1:]
if arguments == ["--version"]:
    print("FluidSynth runtime version 9.8.7")
    sys.exit()
out, rate = arguments[arguments.index("-F") + 1], int(arguments[arguments.index("-r") + 1])
data = open(arguments[-1], "rb").read()[22:]
if open(arguments[-2], "rb").read() == b"broken":
    sys.exit("no soundfont")
place, now, notes, playing = 0, 0, [], {{}}
while place < len(data):
    delta = 0
    while True:
        byte = data[place]; place += 1
        delta = delta << 7 | byte & 127
        if byte < 128: break
    now += delta
    status, key = data[place], data[place + 1]
    place += 3 + data[place + 2] if status == 255 else 2 if status >> 4 == 12 else 3
    if status >> 4 == 9: playing[key] = now
    if status >> 4 == 8: notes.append((playing[key], now, key))
samples = np.zeros(now * rate // 1000)
for start, end, key in notes:
    a, b = start * rate // 1000, end * rate // 1000
    frequency = 440 * 2 ** ((key - 69) / 12)
    samples[a:b] += 8000 * np.sin(2 * np.pi * frequency * np.arange(b - a) / rate)
with wave.open(out, "wb") as file:
    file.setparams((1, 2, rate, 0, "NONE", "NONE"))
    file.writeframes(samples.astype("<i2").tobytes())
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin" / "fluidsynth"
    path.parent.mkdir()
    path.write_text(PROGRAM.format(python=sys.executable))
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=":")
    monkeypatch.setattr(soundfont, "songs", lambda name: [songs(name)[5][:9]])
    return path


def test_each_note_is_cut_out_with_its_own_pitch(program, tmp_path):
    font = tmp_path / "a.sf2"
    font.write_bytes(b"font")
    clips = list(soundfont.render("font", font))
    assert len(clips) == 9
    for clip in clips[:7]:
        key = int(clip.names[0].split()[-1])
        power = np.abs(np.fft.rfft(clip.samples * np.hanning(len(clip.samples)), 1 << 17))
        frequency = float(power.argmax()) * 16000 / (1 << 17)
        assert 69 + 12 * np.log2(frequency / 440) == pytest.approx(key, abs=0.1)
        assert 0.29 <= len(clip.samples) / 16000 <= 1.65
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sf2", "bin"]


def test_what_cannot_be_rendered_is_one_sentence(program, tmp_path):
    font = tmp_path / "a.sf2"
    font.write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"a\.sf2: fluidsynth cannot render it .no soundfont"):
        list(soundfont.render("font", font))


def test_its_version_is_known(program):
    assert soundfont.fluidsynth_version() == "9.8.7"
