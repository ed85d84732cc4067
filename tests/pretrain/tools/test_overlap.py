import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from msssl_common import decoder_notes
from msssl_common.decoder_notes import DamagedAudioWarning
from pretrain.cli.overlap import check_overlap
from pretrain.data.audio import read_mono
from pretrain.data.synthesis import synthetic_clips, synthetic_names
from pretrain.data.synthesis.noises import noise_bursts, noise_floor
from pretrain.data.synthesis.notes import melody
from pretrain.data.synthesis.signals import peak_one
from pretrain.tools.overlap import MOST_WRONG, count_ones, find_overlaps, fingerprint, read_prints
from tests.msssl_common.damaged_mp3 import write_mp3

RATE = 16000


def encoded(samples: np.ndarray, subtype: str) -> np.ndarray:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="OGG", subtype=subtype)
    buffer.seek(0)
    return soundfile.read(buffer, dtype="int16")[0]


def excerpt(samples: np.ndarray) -> np.ndarray:
    """A second and a half, cut where no frame of the original begins."""
    return samples[4321 : 4321 + 24000]


def eight_bits(samples: np.ndarray) -> np.ndarray:
    return (np.rint(samples / 256) * 256).clip(-32768, 32512).astype(np.int16)


SOURCES = (melody, noise_bursts, noise_floor)
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "equal": lambda x: x,
    "excerpt": excerpt,
    "minus 6 dB": lambda x: np.rint(x / 2).astype(np.int16),
    "8 bits": eight_bits,
    "vorbis": lambda x: encoded(x, "VORBIS"),
    "opus": lambda x: encoded(x, "OPUS"),
    "all": lambda x: encoded(np.rint(excerpt(x) / 2).astype(np.int16), "VORBIS"),
    "inside": lambda x: np.concatenate([np.zeros(20011, np.int16), excerpt(x)]),
}


def write(folder: Path, clips: dict[str, np.ndarray]) -> Path:
    for name, samples in clips.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, samples, RATE, subtype="PCM_16")
    return folder


@pytest.fixture(scope="module")
def clips() -> dict[str, np.ndarray]:
    """Melodies with noises over a floor: like recordings, and loud enough for 8 bits."""
    made = {}
    for seed in range(30):
        generator = np.random.default_rng(seed)
        parts = [peak_one(source(generator, 3 * RATE, RATE)) for source in SOURCES]
        mixed = peak_one(parts[0] + parts[1] + np.float32(0.05) * parts[2])
        made[f"clip-{seed:02d}.wav"] = np.rint(20000 * mixed).astype(np.int16)
    return made


@pytest.mark.parametrize("change", CHANGES)
def test_planted_clips_are_found_and_no_others(
    tmp_path: Path, clips: dict[str, np.ndarray], change: str
) -> None:
    tasks = read_prints(write(tmp_path / "tasks", clips))
    planted = {f"p/{name}": CHANGES[change](x) for name, x in list(clips.items())[:12]}
    training = read_prints(write(tmp_path / "training", planted))
    found = find_overlaps(training, tasks)
    assert all(overlap.training == f"p/{overlap.task}" for overlap in found)
    assert len(found) >= (12 if change in ("equal", "minus 6 dB") else 11)
    assert all(overlap.exact == (change == "equal") for overlap in found)
    for overlap in found:
        assert overlap.wrong_bits < MOST_WRONG
        if change == "excerpt":  # within a frame of where it was cut
            shift = overlap.task_seconds - overlap.training_seconds
            assert shift == pytest.approx(4321 / RATE, abs=0.013)


def test_other_audio_is_not_found(tmp_path: Path, clips: dict[str, np.ndarray]) -> None:
    names = list(clips)
    tasks = read_prints(write(tmp_path / "tasks", {n: clips[n] for n in names[:20]}))
    training = read_prints(write(tmp_path / "training", {n: clips[n] for n in names[20:]}))
    assert find_overlaps(training, tasks) == []


def test_short_clips_are_found_when_equal_and_silence_never(tmp_path: Path) -> None:
    short = np.random.default_rng(0).integers(-3000, 3000, 1000).astype(np.int16)
    silence = np.zeros(RATE, np.int16)
    training = write(tmp_path / "a", {"x.wav": short, "s.wav": silence})
    tasks = write(tmp_path / "b", {"y.wav": short, "t.wav": silence})
    (found,) = find_overlaps(read_prints(training), read_prints(tasks))
    assert str(found) == "x.wav = y.wav: all samples are equal"


def test_fingerprints_of_other_audio_differ_in_half_of_the_bits() -> None:
    generator = np.random.default_rng(1)
    noises = [generator.normal(0, 2000, 10 * RATE).astype(np.int16) for _ in range(2)]
    first, second = (fingerprint(noise)[0] for noise in noises)
    assert len(first) == 822  # (53334 - 720) // 64 + 1 frames, less one for the difference
    bits = np.unpackbits((first ^ second).view(np.uint8))
    assert bits.mean() == pytest.approx(0.5, abs=0.02)


def test_fingerprints_do_not_depend_on_the_level_and_know_silence() -> None:
    noise = np.random.default_rng(2).normal(0, 4000, 3 * RATE).astype(np.int16)
    noise[RATE : 2 * RATE] = 0
    words, loud = fingerprint(noise)
    quiet, _ = fingerprint((noise // 8).astype(np.int16))
    assert 0.6 < loud.mean() < 0.8
    assert np.unpackbits((words ^ quiet)[loud].view(np.uint8)).mean() < 0.02
    assert len(fingerprint(np.zeros(2000, np.int16))[0]) == 0


def test_ones_are_counted() -> None:
    words = np.random.default_rng(3).integers(0, 2**32, 1000, dtype=np.uint32)
    assert count_ones(words).tolist() == [bin(word).count("1") for word in words.tolist()]


def test_the_command_tells_and_fails(tmp_path: Path, clips: dict[str, np.ndarray]) -> None:
    names = list(clips)
    tasks = write(tmp_path / "tasks", {"16000/train/" + n: clips[n] for n in names[:3]})
    clean = write(tmp_path / "clean", {n: clips[n] for n in names[3:6]})
    arguments = ["--tasks-dir", str(tasks), "--data"]
    done = CliRunner().invoke(check_overlap, [*arguments, str(clean)])
    assert done.exit_code == 0
    assert done.output == "3 training files, 3 task files: no overlaps\n"
    write(clean, {"stolen.wav": clips[names[1]]})
    done = CliRunner().invoke(check_overlap, [*arguments, str(clean)])
    assert done.exit_code == 1
    assert f"stolen.wav = 16000/train/{names[1]}: all samples are equal" in done.output
    assert "4 training files, 3 task files: 1 overlap\n" in done.output
    (clean / "stolen.wav").write_bytes(b"this is text")
    done = CliRunner().invoke(check_overlap, [*arguments, str(clean)])
    assert done.exit_code == 1 and "not compared: stolen.wav" in done.output
    done = CliRunner().invoke(check_overlap, [*arguments, str(tmp_path / "absent")])
    assert done.exit_code == 1 and "no such folder" in done.output


def test_what_a_decoder_passes_over_is_said_with_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(decoder_notes, "_told", set())
    path = write_mp3(tmp_path / "damaged.mp3")
    write_mp3(tmp_path / "whole.mp3", damaged=False)
    with pytest.warns(DamagedAudioWarning) as caught:
        read_prints(tmp_path)
    assert [str(w.message).split(" has damaged parts")[0] for w in caught] == [str(path)]
    assert capfd.readouterr().err == ""


@pytest.mark.shared
def test_real_task_clips_cut_and_encoded_again_are_found(shared_data: Path, tmp_path: Path) -> None:
    """Six clips of each task, among others of the pretraining audio."""
    planted, originals = {}, {}
    for task in sorted((shared_data / "tasks").iterdir()):
        files = sorted(task.rglob("*.ogg"))
        for file in files[:: len(files) // 6][:6]:
            samples = read_mono(file)[: 4 * RATE]
            name = f"{task.name}-{file.stem}.wav"
            originals[name] = samples
            cut = samples[100 : 100 + 2 * RATE]
            planted[name] = encoded(np.rint(cut / 2).astype(np.int16), "VORBIS")
    others = sorted((shared_data / "pretrain").rglob("*.ogg"))[::40]
    planted |= {f"other/{file.stem}.wav": read_mono(file) for file in others}
    training = read_prints(write(tmp_path / "training", planted))
    found = find_overlaps(training, read_prints(write(tmp_path / "tasks", originals)))
    pairs = {(overlap.training, overlap.task) for overlap in found}
    right = sum((name, name) in pairs for name in originals)
    print(f"{right} of {len(originals)} found")
    assert right >= 0.8 * len(originals)
    assert not any(overlap.training.startswith("other/") for overlap in found)


@pytest.mark.shared
@pytest.mark.slow
def test_no_audio_of_a_task_is_in_the_pretraining_audio(shared_data: Path, tmp_path: Path) -> None:
    """All five real tasks and the embedded suite, against everything that is trained on."""
    from benchmark.tasks.embedded.suite import embedded_suite

    training = read_prints(shared_data / "pretrain")
    assert len(training.names) > 2000 and not training.skipped
    for folder in (shared_data / "tasks", embedded_suite(tmp_path)[0].parent):
        tasks = read_prints(folder)
        assert not tasks.skipped
        overlaps = find_overlaps(training, tasks)
        assert not overlaps, "\n".join(map(str, overlaps))


@pytest.mark.slow
def test_no_synthetic_clip_is_in_the_embedded_suite(tmp_path: Path) -> None:
    from benchmark.tasks.embedded.suite import embedded_suite

    names, clips = synthetic_names(1500, 0), synthetic_clips(1500, 0)
    made = write(
        tmp_path / "made", {f"{n}.wav": clip for n, clip in zip(names, clips, strict=True)}
    )
    tasks = read_prints(embedded_suite(tmp_path / "cache")[0].parent)
    overlaps = find_overlaps(read_prints(made), tasks)
    assert not overlaps, "\n".join(map(str, overlaps))
