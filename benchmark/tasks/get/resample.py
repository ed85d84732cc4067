"""One clip from the rate of its archive to the rate that is wanted."""

from __future__ import annotations

import io
import wave

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

FULL_SCALE = 32768.0  # of 16 bits


def resample_clip(data: bytes, file_rate: int, sample_rate: int) -> bytes:
    """Resample an audio file with soxr "HQ", as hear-preprocess does.

    Args:
        data: The file: mono, of any format that libsndfile reads.
        file_rate: The rate that it should have, Hz.
        sample_rate: The rate wanted, Hz; at most ``file_rate``.

    Returns:
        The file itself where the rates are equal, else a WAV file with 16 bits a sample, as all of
        HEAR's are. Samples over full scale, from the filter's overshoot, are clipped.

    Raises:
        ValueError: The file is not audio, not mono, empty, or of another rate; the message does
            not name the file.
    """
    try:
        audio, found = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        said = getattr(error, "error_string", str(error)).rstrip(".")
        raise ValueError(f"cannot be read as audio: {said}") from None
    if found != file_rate:
        raise ValueError(f"is at {found} Hz, but lies in the folder of {file_rate} Hz")
    if audio.shape[1] != 1 or not len(audio):
        raise ValueError(f"has {audio.shape[1]} channels and {len(audio)} samples in each")
    if sample_rate == file_rate:
        return data
    return _wav(soxr.resample(audio[:, 0], file_rate, sample_rate, quality="HQ"), sample_rate)


def _wav(audio: NDArray[np.float32], sample_rate: int) -> bytes:
    scaled = np.clip(np.rint(audio * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(scaled.astype("<i2").tobytes())
    return buffer.getvalue()
