"""Faulty files around one clip: a sweep of half a second, so that no stretch is like another.

Each has what must become of it: the sound itself (with how far off it may be), other sound that is
rightly there (its length in samples), or the word by which it is refused.
"""

import io
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

RATE = 16000  # Hz
SAMPLES = 8000
SWEEP = (0.5 * np.sin(2 * np.pi * np.cumsum(np.linspace(200, 2000, SAMPLES)) / RATE)).astype("f4")


@dataclass(frozen=True)
class Bad:
    """A faulty file.

    Attributes:
        make: Writes it.
        name: Its name.
        error: How far its samples may be from the sweep's; None if it is refused.
        refused: A stretch of the sentence that refuses it, of the task's reader.
        corpus: Whether pretraining reads what a task may not have: any rate, any channels.
        sound: Whether what is read is the sweep.
    """

    make: Callable[[Path], object]
    name: str = "clip.wav"
    error: float | None = None
    refused: str = ""
    corpus: bool = False
    sound: bool = True


def encoded(
    kind: str = "WAV", subtype: str = "PCM_16", audio: np.ndarray = SWEEP, rate: int = RATE
) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def put(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def changed(content: bytes, place: int, new: bytes) -> bytes:
    return content[:place] + new + content[place + len(new) :]


def cut(content: bytes, share: float = 0.6) -> bytes:
    return content[: int(len(content) * share)]


def tag(size: int) -> bytes:
    """An ID3 tag that says it has so many bytes, and a thousand bytes of noise in it."""
    seven = bytes(size >> 7 * place & 127 for place in (3, 2, 1, 0))
    return b"ID3\x04\0\0" + seven + np.random.default_rng(0).bytes(1000)


def chunk(name: bytes, content: bytes, padded: bool = True) -> bytes:
    """A chunk of a WAV; one of odd length has a byte behind it that does not count."""
    odd = b"\0" if padded and len(content) % 2 else b""
    return name + struct.pack("<I", len(content)) + content + odd


def riff(*chunks: bytes) -> bytes:
    content = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def extensible(bits: int, valid: int) -> bytes:
    """The format of PCM of which some bits count, as WAVE_FORMAT_EXTENSIBLE says it."""
    width = bits // 8
    plain = struct.pack("<HHIIHH", 0xFFFE, 1, RATE, RATE * width, width, bits)
    pcm = bytes.fromhex("0100000000001000800000aa00389b71")
    return chunk(b"fmt ", plain + struct.pack("<HHI", 22, valid, 4) + pcm)


def big_endian() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, SWEEP, RATE, format="WAV", subtype="PCM_16", endian="BIG")
    return buffer.getvalue()


FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
DATA = chunk(b"data", (32767 * SWEEP).astype("<i2").tobytes())
LEFT_20_OF_24 = b"".join((int(x * 524287) << 4).to_bytes(3, "little", signed=True) for x in SWEEP)
WAV, FLAC, OGG = encoded(), encoded("FLAC"), encoded("OGG", "VORBIS")
MP3 = encoded("MP3", "MPEG_LAYER_III")
FLOAT = encoded(subtype="FLOAT")
LATER = np.roll(SWEEP, 1)


def with_sample(value: float, subtype: str = "FLOAT") -> bytes:
    audio = SWEEP.astype("f8")
    audio[4000] = value
    return encoded(subtype=subtype, audio=audio)


def constant(value: float) -> bytes:
    return encoded(audio=np.full(SAMPLES, value, "f4"))


def long_file(path: Path) -> None:
    """Half an hour, 8 bits a sample."""
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_U8", format="WAV") as file:
        for _ in range(30):
            file.write(np.tile(SWEEP, 120))


CUT = "was cut"
NO_AUDIO = "cannot be read as audio"
FILES: dict[str, Bad] = {
    # Nothing, or something else
    "zero bytes": Bad(put(b""), refused="is an empty file"),
    "one byte": Bad(put(b"R"), refused=NO_AUDIO),
    "text": Bad(put(b"no sound at all\n" * 100), refused=NO_AUDIO),
    "a page of HTML": Bad(put(b"<!DOCTYPE html><p>404"), "clip.flac", refused=NO_AUDIO),
    "zeros": Bad(put(bytes(16044)), refused=NO_AUDIO),
    "noise": Bad(put(b"\1" + np.random.default_rng(1).bytes(16044)), refused=NO_AUDIO),
    "VOC, which nobody can tell to be whole": Bad(put(encoded("VOC")), refused=NO_AUDIO),
    # Headers cut off
    "four bytes of RIFF": Bad(put(WAV[:4]), refused=NO_AUDIO),
    "RIFF without fmt": Bad(put(WAV[:12]), refused=NO_AUDIO),
    "half a fmt": Bad(put(WAV[:30]), refused=NO_AUDIO),
    "WAV without data": Bad(put(WAV[:36]), refused=NO_AUDIO),
    "WAV whose data is absent": Bad(put(WAV[:44]), refused=CUT),
    "FLAC's magic alone": Bad(put(FLAC[:4]), "clip.flac", refused=NO_AUDIO),
    "FLAC's header alone": Bad(put(FLAC[:42]), "clip.flac", refused=""),
    "Ogg's first page alone": Bad(put(OGG[:58]), "clip.ogg", refused=CUT),
    # Sound cut off
    "WAV cut": Bad(put(cut(WAV)), refused=CUT),
    "WAV cut by a sample": Bad(put(WAV[:-2]), refused=CUT),
    "WAV cut in mid-sample": Bad(put(WAV[:-1]), refused=CUT),
    "RF64 cut": Bad(put(cut(encoded("RF64"))), refused=CUT),
    "W64 cut": Bad(put(cut(encoded("W64"))), refused=CUT),
    "AIFF cut": Bad(put(cut(encoded("AIFF"))), refused=CUT),
    "AU cut": Bad(put(cut(encoded("AU"))), refused=CUT),
    "extensible cut": Bad(put(cut(encoded("WAVEX", "PCM_24"))), refused=CUT),
    "FLAC cut": Bad(put(cut(FLAC)), "clip.flac", refused=NO_AUDIO),
    "FLAC cut by five bytes": Bad(put(FLAC[:-5]), "clip.flac", refused=NO_AUDIO),
    "Ogg cut in mid-page": Bad(put(cut(OGG)), "clip.ogg", refused=CUT),
    "Opus cut in mid-page": Bad(put(cut(encoded("OGG", "OPUS"))), "clip.opus", refused=CUT),
    "MP3 cut": Bad(put(cut(MP3)), "clip.mp3", refused=CUT),
    # Sizes and formats that lie
    "RIFF size of 0": Bad(put(changed(WAV, 4, bytes(4))), error=1e-4),
    "RIFF size of 1 GB": Bad(put(changed(WAV, 4, struct.pack("<I", 10**9))), error=1e-4),
    "data size of a stream": Bad(put(changed(WAV, 40, b"\xff" * 4)), error=1e-4),
    "data size of 0": Bad(put(changed(WAV, 40, bytes(4))), refused="no"),
    "data size of 1 GB": Bad(put(changed(WAV, 40, struct.pack("<I", 10**9))), refused=CUT),
    "data size of a quarter": Bad(
        put(changed(WAV, 40, struct.pack("<I", 4000))), refused="are no chunk"
    ),
    "8 bits that are 16": Bad(put(changed(WAV, 34, b"\x08\0")), refused="its header says 8 bits"),
    "24 bits that are 16": Bad(put(changed(WAV, 34, b"\x18\0")), refused="says 24 bits"),
    "2 channels that are 1": Bad(put(changed(WAV, 22, b"\2\0")), refused="2 channels and 2 bytes"),
    "no channels": Bad(put(changed(WAV, 22, b"\0\0")), refused=NO_AUDIO),
    "65535 channels": Bad(put(changed(WAV, 22, b"\xff\xff")), refused=NO_AUDIO),
    "mu-law that is PCM": Bad(put(changed(WAV, 20, b"\7\0")), refused="says 16 bits"),
    "a rate of 0 Hz": Bad(put(changed(WAV, 24, bytes(4))), refused=NO_AUDIO),
    "a rate of 4 GHz": Bad(put(changed(WAV, 24, b"\xff" * 4)), refused=NO_AUDIO),
    "an unknown codec": Bad(put(changed(WAV, 20, b"\x63\0")), refused=NO_AUDIO),
    "FLAC with a wrong MD5": Bad(put(changed(FLAC, 30, b"\0")), "clip.flac", refused="MD5"),
    "FLAC without an MD5": Bad(put(changed(FLAC, 26, bytes(16))), "clip.flac", error=1e-4),
    "FLAC with a flipped byte": Bad(
        put(changed(FLAC, 3000, bytes([FLAC[3000] ^ 255]))), "clip.flac", refused=NO_AUDIO
    ),
    "FLAC of unknown length": Bad(
        put(changed(FLAC, 22, bytes(4))), "clip.flac", refused="does not say how many"
    ),
    "FLAC that says it is short": Bad(
        put(changed(FLAC, 24, b"\x0f\0")), "clip.flac", refused="MD5"
    ),
    "Ogg with a flipped byte": Bad(
        put(changed(OGG, 3600, bytes([OGG[3600] ^ 255]))), "clip.ogg", refused="checksum"
    ),
    "Ogg, two streams in one file": Bad(put(OGG + OGG), "clip.ogg", refused="several streams"),
    "FLAC behind an ID3 tag": Bad(put(tag(1000) + FLAC), "clip.flac", refused="ID3 tag"),
    # Containers and names that are unusual, and right
    "FLAC named wav": Bad(put(FLAC), error=1e-4),
    "WAV named mp3": Bad(put(WAV), "clip.mp3", error=1e-4),
    "RF64": Bad(put(encoded("RF64")), error=1e-4),
    "W64": Bad(put(encoded("W64")), error=1e-4),
    "AIFF": Bad(put(encoded("AIFF")), "clip.aiff", error=1e-4),
    "AU": Bad(put(encoded("AU")), error=1e-4),
    "extensible, 24 bits": Bad(put(encoded("WAVEX", "PCM_24")), error=1e-4),
    "24 bits": Bad(put(encoded(subtype="PCM_24")), error=1e-4),
    "unsigned 8 bits": Bad(put(encoded(subtype="PCM_U8")), error=1e-2),
    "mu-law": Bad(put(encoded(subtype="ULAW")), error=2e-2),
    "double": Bad(put(encoded(subtype="DOUBLE")), error=1e-4),
    "Ogg": Bad(put(OGG), "clip.ogg", error=0.1),
    "MP3 with garbage in its ID3": Bad(put(tag(1000) + MP3), "clip.mp3", error=0.1),
    "MP3 whose ID3 says too much": Bad(put(tag(60_000) + MP3), "clip.mp3", refused=NO_AUDIO),
    "MP3 whose ID3 says too little": Bad(put(tag(10) + MP3), "clip.mp3", refused=NO_AUDIO),
    "a broadcast chunk": Bad(put(riff(chunk(b"bext", b"x" * 603), FMT, DATA)), error=1e-4),
    "a chunk of odd length": Bad(put(riff(FMT, chunk(b"LIST", b"INFOabc"), DATA)), error=1e-4),
    "one without the byte behind it": Bad(
        put(riff(FMT, chunk(b"LIST", b"INFOabc", padded=False), DATA)), refused=NO_AUDIO
    ),
    "cues": Bad(put(riff(FMT, chunk(b"cue ", b"\1" + bytes(27)), DATA)), error=1e-4),
    "an ID3 chunk": Bad(put(riff(FMT, chunk(b"id3 ", tag(10)), DATA)), error=1e-4),
    "a format with more behind it": Bad(
        put(riff(chunk(b"fmt ", FMT[8:] + bytes(100)), DATA)), error=1e-4
    ),
    "bytes a second that are wrong": Bad(
        put(riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 77, 2, 16)), DATA)), error=1e-4
    ),
    "two data chunks": Bad(put(riff(FMT, DATA, DATA)), refused=NO_AUDIO),
    "data before its format": Bad(put(riff(DATA, FMT)), refused=NO_AUDIO),
    "two formats": Bad(put(riff(FMT, chunk(b"fmt ", FMT[8:12] + FMT[12:]), DATA)), refused=""),
    "two files in one": Bad(put(WAV + WAV), refused=NO_AUDIO),
    "WAV behind an ID3 tag": Bad(put(tag(1000) + WAV), refused="ID3 tag"),
    "WAV behind a byte order mark": Bad(put(b"\xef\xbb\xbf" + WAV), refused=NO_AUDIO),
    "RIFX": Bad(put(big_endian()), error=1e-4),
    "20 bits of 24": Bad(put(riff(extensible(24, 20), chunk(b"data", LEFT_20_OF_24))), error=1e-4),
    "0 bits of 16": Bad(put(riff(extensible(16, 0), DATA)), error=1e-4),
    "A-law": Bad(put(encoded(subtype="ALAW")), error=2e-2),
    "AIFF with mu-law": Bad(put(encoded("AIFF", "ULAW")), "clip.aiff", error=2e-2),
    "AIFF with floats": Bad(put(encoded("AIFF", "FLOAT")), "clip.aiff", error=1e-4),
    "CAF with ALAC": Bad(put(encoded("CAF", "ALAC_16")), error=1e-4),
    "chunks behind the sound": Bad(put(WAV + b"LIST\x04\0\0\0abcd"), error=1e-4),
    # Samples
    "NaN": Bad(put(with_sample(np.nan)), refused="NaN"),
    "infinite": Bad(put(with_sample(-np.inf)), refused="NaN"),
    "1e30": Bad(put(with_sample(1e30)), refused="has a sample of 1e+30"),
    "1e300, beyond float32": Bad(put(with_sample(1e300, "DOUBLE")), refused="NaN"),
    "16-bit numbers as float": Bad(
        put(encoded(subtype="FLOAT", audio=32767 * SWEEP)), refused="has a sample of 1.64e+04"
    ),
    "1e-40, below float32's normal numbers": Bad(
        put(encoded(subtype="FLOAT", audio=SWEEP * np.float32(1e-40))), error=0.51, sound=False
    ),
    "DC": Bad(put(constant(0.5)), error=1, sound=False),
    "silence": Bad(put(constant(0.0)), error=1, sound=False),
    "full scale": Bad(put(constant(1.0)), error=2, sound=False),
    "one sample": Bad(put(encoded(audio=SWEEP[100:101])), error=1, sound=False),
    "no sample": Bad(put(encoded(audio=SWEEP[:0])), refused="no samples"),
    "half an hour": Bad(long_file, error=1e-2),
    # Rates and channels
    "8 channels": Bad(
        put(encoded(audio=np.stack([SWEEP] * 8, 1))), refused="has 8 channels", corpus=True
    ),
    "8 kHz": Bad(put(encoded(audio=SWEEP[::2], rate=8000)), refused="is at 8000 Hz", corpus=True),
    "192 kHz": Bad(
        put(encoded(audio=np.repeat(SWEEP, 12), rate=192_000)), refused="is at 192000", corpus=True
    ),
    "1 Hz": Bad(put(encoded(rate=1)), refused="sample rate is 1 Hz"),
    "999 Hz": Bad(put(encoded(rate=999)), refused="sample rate is 999 Hz"),
    "2 GHz": Bad(put(changed(WAV, 24, struct.pack("<I", 2_000_000_000))), refused="Hz"),
    "a data chunk that promises 2 GB": Bad(
        put(changed(WAV, 40, struct.pack("<I", 2_000_000_000))), refused="was cut"
    ),
    # Names
    "a name with blanks": Bad(put(WAV), "a clip  of mine.wav", error=1e-4),
    "a name of two lines": Bad(put(WAV), "a\nb.wav", error=1e-4),
    "a name with an escape": Bad(put(WAV), "\x1b[31mred.wav", error=1e-4),
    "a name that is no UTF-8": Bad(put(WAV), os.fsdecode(b"caf\xe9.wav"), refused="is no UTF-8"),
    "a name in other letters": Bad(put(WAV), "звук 音 🎵.wav", error=1e-4),
    "a name of 255 bytes": Bad(put(WAV), "a" * 251 + ".wav", error=1e-4),
    # No files
    "a folder": Bad(lambda path: path.mkdir(), refused="is no plain file"),
    "a link to nowhere": Bad(lambda path: path.symlink_to("nowhere.wav"), refused="is missing"),
    "a link to itself": Bad(lambda path: path.symlink_to(path.name), refused="is missing"),
    "a pipe that nobody writes to": Bad(lambda path: os.mkfifo(path), refused="is no plain file"),
    "a device": Bad(lambda path: path.symlink_to("/dev/zero"), refused="is no plain file"),
}
# What pretraining does not even find below its folder: it is no file.
NOT_FOUND = ("a folder",)
