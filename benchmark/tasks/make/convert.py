"""Convert raw audio files to clips on all cores: mono, of the task's length, 16-bit PCM."""

from __future__ import annotations

import json
import os
import wave
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from benchmark.tasks.make.plan import RawClip, TaskPlan
from msssl_common.audio_files import SixteenBits, sample_fault, source_fault
from msssl_common.decoder_notes import decoder_notes
from msssl_common.files import writing
from msssl_common.workers import SpawnedPool, usable_cores

NOTES: Final = ".notes"  # below the unfinished task's folder


@dataclass(frozen=True)
class Written:
    """What came of a clip.

    Attributes:
        source_rate: Sample rate of its source, Hz; 0 if an earlier call made the clip and there was
            nothing to say of it.
        lost: What of its audio 16 bits and one channel cannot hold, as the end of a sentence.
    """

    source_rate: int = 0
    lost: str | None = None


def write_clip(
    clip: RawClip, seconds: float | None, rates: tuple[int, ...], folder: Path
) -> Written:
    """Convert a clip to each sample rate, unless it is there already; then say what came of it.

    In the order of hear-preprocess (pipeline.py): mix down to mono, pad with silence or trim at the
    source's rate, resample with soxr "HQ", write 16-bit PCM. hear-preprocess rounds to 16 bits at
    every step, this only at the end.

    Args:
        clip: The clip.
        seconds: Length to pad or trim to; None leaves it.
        rates: Sample rates to write, Hz.
        folder: The task's folder; ``{rate}/{split}/`` must exist.

    Raises:
        ValueError: The source is missing, empty, no audio, cut or damaged, says that it has an
            impossible sample rate, or has samples that are NaN, infinite or far beyond full scale.
    """
    targets = {rate: folder / str(rate) / clip.split / clip.file for rate in rates}
    missing = {rate: path for rate, path in targets.items() if not path.is_file()}
    note = note_path(folder, clip)
    if not missing:
        return _read_note(note)
    bits = SixteenBits()
    audio, source_rate = read_mono(clip.source, clip.segment, bits)
    if seconds is not None:
        audio = fit(audio, round(seconds * source_rate))
    if bits.lost or source_rate < max(rates):  # before the clip: a kill loses neither
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps([source_rate, bits.lost]), "utf-8")
    for rate, path in missing.items():
        resampled = resample(audio, source_rate, rate)
        if seconds is not None:
            resampled = fit(resampled, round(seconds * rate))
        write_wav(path, resampled, rate)
    return Written(source_rate, bits.lost)


def note_path(folder: Path, clip: RawClip) -> Path:
    """Where it is kept, until the task is whole, what there is to say of a finished clip."""
    return folder / NOTES / clip.split / f"{clip.file}.json"


def _read_note(path: Path) -> Written:
    try:
        return Written(*json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Written()


def read_mono(
    path: Path, segment: tuple[int, int] | None, bits: SixteenBits | None = None
) -> tuple[NDArray[np.float32], int]:
    """Read a file, or some samples of it, as the mean of its channels.

    Args:
        path: The file.
        segment: First sample and number of samples; None for the whole file.
        bits: Told what was read, to say what 16 bits lose of it.

    Returns:
        Audio, float32, shape (samples,), 16-bit values k as k / 32768; and its rate, Hz.

    Raises:
        ValueError: As `write_clip`.
    """
    start, samples = segment or (0, -1)
    try:
        with decoder_notes(path) as heard:
            if fault := source_fault(path, whole=segment is None):
                raise ValueError(f"{path} {fault}")
            audio, rate = soundfile.read(path, samples, start, dtype="float32", always_2d=True)
            if heard.of_interest and segment is None:
                heard.gave(len(audio), soundfile.info(path).frames)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = getattr(error, "error_string", str(error)).rstrip(".")
        raise ValueError(f"{path} cannot be read as audio ({reason})") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be opened ({error.strerror})") from None
    if not len(audio):
        raise ValueError(f"{path} has no samples")
    if fault := sample_fault(audio, rate, start / rate):
        raise ValueError(f"{path} {fault}")
    mono = audio.mean(axis=1, dtype=np.float32)
    if bits is not None:
        bits.add(audio, mono)
        bits.damage = heard.words
    return mono, rate


def fit(audio: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Pad with silence at the end, or trim there, to so many samples (util/audio.py)."""
    return np.pad(audio[:samples], (0, max(0, samples - len(audio))))


def resample(audio: NDArray[np.float32], source: int, target: int) -> NDArray[np.float32]:
    """Resample with soxr "HQ", the quality of ffmpeg's ``aresample=resampler=soxr``."""
    if source == target:
        return audio
    resampled: NDArray[np.float32] = soxr.resample(audio, source, target, quality="HQ")
    return resampled


def write_wav(path: Path, audio: NDArray[np.float32], rate: int) -> None:
    """Write mono 16-bit PCM under a temporary name and rename it: a file there is whole."""
    pcm = np.clip(np.rint(audio * 32768.0), -32768, 32767).astype("<i2")
    part = path.with_name(f".{os.getpid()}.part")  # a process writes one clip at a time
    with writing(path):
        try:
            with wave.open(str(part), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(pcm.tobytes())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


CLIPS_PER_JOB: Final = 32
FEW: Final = 2 * CLIPS_PER_JOB  # clips that are converted before other processes have started

Progress = Callable[[int, int], None]


@dataclass
class Converted:
    """What came of converting clips.

    Attributes:
        unreadable: Clip -> what is wrong with its source.
        lost: Clip -> what 16 bits and one channel cannot hold of it.
        source_rates: Sample rates met, Hz.
    """

    unreadable: dict[RawClip, str] = field(default_factory=dict)
    lost: dict[RawClip, str] = field(default_factory=dict)
    source_rates: set[int] = field(default_factory=set)


def convert(plan: TaskPlan, rates: tuple[int, ...], folder: Path, progress: Progress) -> Converted:
    """Convert a task's clips, those that are there already excepted.

    Args:
        plan: The task.
        rates: Sample rates to write, Hz.
        folder: The task's folder.
        progress: Called with clips done and to do.

    Raises:
        OSError: A worker was killed.
    """
    for rate in rates:
        for split in plan.splits:
            (folder / str(rate) / split).mkdir(parents=True, exist_ok=True)
    all_converted = Converted()
    done = 0
    progress(done, len(plan.clips))
    for clips, converted in _jobs(plan, rates, folder):
        all_converted.unreadable.update(converted.unreadable)
        all_converted.lost.update(converted.lost)
        all_converted.source_rates |= converted.source_rates
        done += clips
        progress(done, len(plan.clips))
    return all_converted


def convert_some(
    clips: Sequence[RawClip], seconds: float | None, rates: tuple[int, ...], folder: Path
) -> Converted:
    """Convert a few clips in this process; a source that cannot be read stops nothing."""
    converted = Converted()
    for clip in clips:
        try:
            written = write_clip(clip, seconds, rates, folder)
        except ValueError as error:
            converted.unreadable[clip] = str(error)
            continue
        converted.source_rates.add(written.source_rate)
        if written.lost:
            converted.lost[clip] = f"{clip.source} {written.lost}"
    converted.source_rates.discard(0)
    return converted


def _jobs(plan: TaskPlan, rates: tuple[int, ...], folder: Path) -> Iterator[tuple[int, Converted]]:
    """Number of clips and outcome of each job, as they finish."""
    if len(plan.clips) <= FEW or usable_cores() == 1:
        for clip in plan.clips:
            yield 1, convert_some([clip], plan.seconds, rates, folder)
        return
    with SpawnedPool(usable_cores()) as pool:
        jobs: dict[Future[Converted], int] = {}
        try:
            for first in range(0, len(plan.clips), CLIPS_PER_JOB):
                clips = plan.clips[first : first + CLIPS_PER_JOB]
                jobs[pool.submit(convert_some, clips, plan.seconds, rates, folder)] = len(clips)
            for job in as_completed(jobs):
                yield jobs.pop(job), job.result()
        except BrokenExecutor:
            raise OSError(
                "A process that converts audio was killed, perhaps because memory ran out: run the "
                "same command again to resume."
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)
