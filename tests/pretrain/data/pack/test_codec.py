import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msssl_common.ogg import ogg_fault
from pretrain.data.pack.codec import check_codec, decode, encode

RATE = 16000


def tone() -> np.ndarray:
    return (8000 * np.sin(np.arange(3 * RATE) * 0.1)).astype(np.int16)


def test_flac_gives_back_the_samples_and_the_same_bytes() -> None:
    data = encode(tone(), RATE, "flac")
    assert data == encode(tone(), RATE, "flac")
    np.testing.assert_array_equal(decode(data), tone())


def test_opus_gives_the_same_bytes_each_time_that_libsndfile_reads_as_before() -> None:
    raw = io.BytesIO()
    soundfile.write(raw, tone(), RATE, format="OGG", subtype="OPUS")
    data = encode(tone(), RATE, "opus")
    assert data == encode(tone(), RATE, "opus")
    np.testing.assert_array_equal(decode(data), decode(raw.getvalue()))
    assert len(decode(data)) == 3 * RATE and len(data) < len(encode(tone(), RATE, "flac"))


def test_every_page_with_another_serial_number_has_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "clip.opus"
    path.write_bytes(encode(tone(), RATE, "opus"))
    assert ogg_fault(path) is None


def test_a_libsndfile_without_opus_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    check_codec("opus")
    monkeypatch.setattr(soundfile, "check_format", lambda form, subtype: False)
    with pytest.raises(ValueError, match="cannot write opus; give --codec flac"):
        check_codec("opus")
