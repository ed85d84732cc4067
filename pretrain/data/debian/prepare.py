"""The candidates of one package: its clips, encoded, and their fingerprints, in one file."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from msssl_common.audio_files import SixteenBits
from msssl_common.files import writing
from pretrain.data.audio import SAMPLE_RATE, read_mono
from pretrain.data.debian.clips import Clip, cut_recording, lengthen
from pretrain.data.debian.fetch import Deb
from pretrain.data.debian.package_list import LEFT_OUT
from pretrain.data.debian.recordings import AUDIO, SOUNDFONTS, Recording, unpack_recordings
from pretrain.data.debian.soundfont import fluidsynth, render
from pretrain.data.pack.codec import encode
from pretrain.tools.overlap import fingerprint

CANDIDATES = 1.4  # times the cap of a source: some turn out to be duplicates
UNPACKED = ".unpacked-"  # prefix of the names of temporary folders
JOINED_KINDS = frozenset({"speech"})


@dataclass(frozen=True)
class Candidate:
    """A clip that may get into the corpus.

    Attributes:
        package: Name.
        version: Of the package.
        kind: Of sound.
        names: Recordings in the package, or pieces that were rendered; several if joined.
        start: Where it begins in the first, seconds.
        samples: Length.
        sha256: Of the int16 samples, hex.
        licence: Of the package.
    """

    package: str
    version: str
    kind: str
    names: tuple[str, ...]
    start: float
    samples: int
    sha256: str
    licence: str

    @property
    def original(self) -> str:
        """What it is made from, in one text."""
        return " + ".join(self.names)

    @property
    def seconds(self) -> float:
        """Length, seconds."""
        return self.samples / SAMPLE_RATE


@dataclass(frozen=True)
class Prepared:
    """The candidates of a package, on disk.

    Attributes:
        path: Of the file.
        candidates: In an order that is random but always the same.
        words: Fingerprint words of each candidate, uint32.
        loud: Whether there was sound, of each word.
        skipped: One sentence for each recording that cannot be used.
        damaged: What the decoder passed over, the end of a sentence by recording.
        copyright: The package's file of that name.
    """

    path: Path
    candidates: tuple[Candidate, ...]
    words: tuple[NDArray[np.uint32], ...]
    loud: tuple[NDArray[np.bool_], ...]
    skipped: tuple[str, ...]
    damaged: dict[str, str]
    copyright: bytes

    def flac(self, index: int) -> bytes:
        """A candidate as the bytes of a FLAC file."""
        with zipfile.ZipFile(self.path) as file:
            return file.read(f"{index:06d}.flac")


def prepare(deb: Deb, path: Path, source_hours: float) -> None:
    """Make the candidates of a package.

    Args:
        deb: The package.
        path: The file to write, under a temporary name first.
        source_hours: Most hours that a source may have of each kind.

    Raises:
        DebError: The package is damaged or hostile.
        OSError: It cannot be written.
    """
    part = path.with_name(path.name + ".part")
    lost = _Lost()
    with (
        tempfile.TemporaryDirectory(prefix=UNPACKED, dir=path.parent) as folder,
        writing(path),
        zipfile.ZipFile(part, "w") as file,
    ):
        unpacked = unpack_recordings(deb.path, Path(folder), AUDIO + SOUNDFONTS)
        rows: list[list[object]] = []
        words: list[NDArray[np.uint32]] = []
        loud: list[NDArray[np.bool_]] = []
        for kind, clip in _clips(deb, unpacked.recordings, source_hours * CANDIDATES, lost):
            _write(file, f"{len(rows):06d}.flac", encode(clip.samples, SAMPLE_RATE, "flac"))
            digest = hashlib.sha256(clip.samples.tobytes()).hexdigest()
            rows.append([kind, clip.names, round(clip.start, 3), len(clip.samples), digest])
            print_words, print_loud = fingerprint(clip.samples)
            words.append(print_words)
            loud.append(print_loud)
        lengths = [len(array) for array in words]
        facts = {"version": deb.version, "clips": rows, "words": lengths, **asdict(lost)}
        _write(file, "clips.json", json.dumps(facts, ensure_ascii=True).encode())
        _write(file, "words.npy", _npy(words, np.dtype(np.uint32)))
        _write(file, "loud.npy", _npy(loud, np.dtype(np.bool_)))
        _write(file, "copyright", unpacked.copyright)
    os.replace(part, path)  # noqa: PTH105 -- as the atomic call is known


def read_prepared(deb: Deb, path: Path) -> Prepared | None:
    """The candidates of a package made before; None if they are of another version of it."""
    with zipfile.ZipFile(path) as file:
        facts = json.loads(file.read("clips.json"))
        words = np.load(io.BytesIO(file.read("words.npy")), allow_pickle=False)
        loud = np.load(io.BytesIO(file.read("loud.npy")), allow_pickle=False)
        text = file.read("copyright")
    if facts["version"] != deb.version:
        return None
    package, edges = deb.package, np.cumsum(facts["words"])[:-1]
    candidates = tuple(
        Candidate(
            package.name, deb.version, kind, tuple(names), start, samples, sha256, package.licence
        )
        for kind, names, start, samples, sha256 in facts["clips"]
    )
    skipped, damaged = tuple(facts["skipped"]), dict(facts.get("damaged", {}))
    if not candidates:
        return Prepared(path, (), (), (), skipped, damaged, text)
    split_words, split_loud = tuple(np.split(words, edges)), tuple(np.split(loud, edges))
    return Prepared(path, candidates, split_words, split_loud, skipped, damaged, text)


def _clips(
    deb: Deb, recordings: list[Recording], hours: float, lost: _Lost
) -> Iterator[tuple[str, Clip]]:
    """Clips of a package with their kinds, at most so many hours of each kind."""
    by_kind: dict[str, list[Recording]] = {}
    for recording in recordings:
        if recording.path.suffix in SOUNDFONTS:
            if fluidsynth() is not None:
                for clip in lengthen(render(deb.package.name, recording.path), joined=False):
                    yield deb.package.kind, clip
            continue
        by_kind.setdefault(deb.package.kind_of(recording.name), []).append(recording)
    for kind in sorted(by_kind.keys() - {LEFT_OUT}):
        left = hours * 3600 * SAMPLE_RATE
        for clip in lengthen(_cut(by_kind[kind], lost), kind in JOINED_KINDS):
            if left < 0:
                break
            left -= len(clip.samples)
            yield kind, clip


@dataclass
class _Lost:
    """What a package's recordings do not give; see `Prepared`."""

    skipped: list[str] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)


def _cut(recordings: list[Recording], lost: _Lost) -> Iterator[Clip]:
    seen: set[bytes] = set()
    for recording in recordings:
        bits = SixteenBits()
        try:
            samples = read_mono(recording.path, bits=bits)
        except (soundfile.SoundFileError, OSError, ValueError) as error:
            lost.skipped.append(f"{recording.name}: {error}")
            continue
        finally:
            recording.path.unlink()
        if bits.damage:
            lost.damaged[recording.name] = bits.damage
        for clip in cut_recording(recording.name, samples):
            digest = hashlib.sha256(clip.samples.tobytes()).digest()
            if digest not in seen:
                seen.add(digest)
                yield clip


def _npy(arrays: list[NDArray[np.uint32]] | list[NDArray[np.bool_]], kind: np.dtype) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.concatenate([np.zeros(0, kind), *arrays]), allow_pickle=False)
    return buffer.getvalue()


def _write(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    file.writestr(zipfile.ZipInfo(name), data)  # ZipInfo's own date: 1980
