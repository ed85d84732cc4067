"""Ogg files that libsndfile reads in part, without a word."""

import numpy as np
import pytest
import soundfile

from msssl_common.audio_files import source_fault
from msssl_common.ogg import ogg_fault


@pytest.fixture(params=["VORBIS", "OPUS"])
def ogg(request, tmp_path):
    path = tmp_path / "clip.ogg"
    samples = np.random.default_rng(0).uniform(-0.3, 0.3, 48000)
    soundfile.write(path, samples, 16000, format="OGG", subtype=request.param)
    return path


def test_a_whole_file_has_no_fault(ogg):
    assert ogg_fault(ogg) is None
    assert source_fault(ogg) is None


def test_a_flipped_byte_anywhere_is_found(ogg):
    data = ogg.read_bytes()
    for place in np.linspace(4, len(data) - 1, 40).astype(int):
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        ogg.write_bytes(damaged)
        assert ogg_fault(ogg), place


def test_a_second_stream_is_not_lost_in_silence(ogg):
    data = ogg.read_bytes()
    ogg.write_bytes(data + data)
    assert len(soundfile.read(ogg)[0]) == 48000  # of 96,000: what is true without us
    fault = source_fault(ogg)
    assert fault and "several streams one behind the other" in fault


def test_bytes_behind_or_in_place_of_a_page_are_named(ogg):
    data = ogg.read_bytes()
    ogg.write_bytes(data + b"TAG" + bytes(125))
    assert ogg_fault(ogg) is None
    last = data.rindex(b"OggS")
    ogg.write_bytes(data[:last] + b"not a page at all" + data[last:])
    assert ogg_fault(ogg) == f"is damaged: no Ogg page begins at byte {last}"
    ogg.write_bytes(data[:-1])
    assert ogg_fault(ogg) == "was cut: its last Ogg page is not whole"
