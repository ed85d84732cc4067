"""What a worker that decodes audio writes to standard error."""

import io
import os
import sys

import numpy as np
import pytest
import soundfile

from msssl_common.workers import drop_notes_of_libraries


@pytest.fixture
def damaged_mp3(tmp_path):
    """An MP3 with flipped bytes, which libmpg123 resynchronises in."""
    wave = 0.3 * np.sin(0.05 * np.arange(32000)) + 0.05 * np.random.default_rng(0).normal(
        size=32000
    )
    file = io.BytesIO()
    soundfile.write(file, wave, 16000, format="MP3")
    data = bytearray(file.getvalue())
    for place in range(800, len(data), 97):
        data[place] ^= 0x5A
    path = tmp_path / "damaged.mp3"
    path.write_bytes(data)
    return path


def test_a_decoder_notes_nothing_but_python_is_heard(damaged_mp3, capfd, monkeypatch):
    soundfile.read(damaged_mp3)
    assert "Trying to resync" in capfd.readouterr().err
    monkeypatch.setattr(sys, "stderr", sys.stderr)  # put back afterwards, as the descriptor is
    before = os.dup(2)
    try:
        drop_notes_of_libraries()
        soundfile.read(damaged_mp3)
        print("a sentence", file=sys.stderr)
        sys.stderr.close()
    finally:
        os.dup2(before, 2)
        os.close(before)
    assert capfd.readouterr().err == "a sentence\n"
