"""HEAR's tasks from miniatures of their raw data; tests/parity runs hearpreprocess on the same."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark.tasks.find import find_tasks
from benchmark.tasks.labels import read_events, read_scene_labels
from benchmark.tasks.task import Task, read_task
from tests.benchmark.tasks.make.conftest import Make
from tests.benchmark.tasks.make.raw_layouts import (
    OTHER_WORDS,
    WORDS,
    write_dcase,
    write_esc50,
    write_nsynth,
    write_speech_commands,
)


def scene_labels(folder: Path) -> dict[str, dict[str, list[str]]]:
    task = read_task(folder)
    return {split: read_scene_labels(task, split) for split in task.splits}


def test_speech_commands(tmp_path: Path, made: Path, make: Make) -> None:
    write_speech_commands(tmp_path / "raw")
    result = make("speech_commands_full", "--source", tmp_path / "raw")
    assert result.exit_code == 0, result.output
    folder = made / "speech_commands-v0.0.2-full"
    assert read_task(folder).vocabulary == ("_silence_", "_unknown_", *WORDS)
    labels = scene_labels(folder)
    # 1.9 s and 2.0 s of noise: seconds from 0 and from 0.5 s (1.0 s would reach the very end).
    silence = {
        "train": {
            f"_silence__{n}-{s}.wav" for n in ("pink_noise", "dude_miaowing") for s in (0, 8000)
        },
        "valid": {f"_silence__running_tap-{start}.wav" for start in (0, 8000, 16000)},
        "test": {"_silence__167.wav"},
    }
    for split, clips in labels.items():
        assert {f for f, names in clips.items() if names == ["_silence_"]} == silence[split]
        unknown = {file for file, names in clips.items() if names == ["_unknown_"]}
        assert len(unknown) == len(OTHER_WORDS)
        assert {file.partition("_")[0] for file in unknown} == (
            {""} if split == "test" else set(OTHER_WORDS)
        )
        words = {file: names[0] for file, names in clips.items() if names[0] in WORDS}
        assert len(words) == len(WORDS)
        assert all(file.startswith(f"{word}_") for file, word in words.items())


def test_silence_is_cut_from_the_noise_and_words_are_padded(
    tmp_path: Path, made: Path, make: Make
) -> None:
    train, _ = write_speech_commands(tmp_path / "raw")
    assert make("speech_commands_full", "--source", tmp_path / "raw").exit_code == 0
    clips = made / "speech_commands-v0.0.2-full" / "16000"
    tap, _ = soundfile.read(train / "_background_noise_" / "running_tap.wav", dtype="int16")
    cut, rate = soundfile.read(clips / "valid" / "_silence__running_tap-8000.wav", dtype="int16")
    assert rate == 16000
    np.testing.assert_array_equal(cut, tap[8000:24000])
    word = next((train / "yes").glob("*_nohash_0.wav"))
    raw, _ = soundfile.read(word, dtype="int16")
    clip, _ = soundfile.read(clips / "train" / f"yes_{word.name}", dtype="int16")
    assert len(raw) < len(clip) == 16000
    np.testing.assert_array_equal(clip[: len(raw)], raw)
    assert not clip[len(raw) :].any()


def test_a_task_that_is_not_the_published_one_says_so(
    tmp_path: Path, made: Path, make: Make
) -> None:
    write_speech_commands(tmp_path / "raw")
    assert make("speech_commands_5h", "--source", tmp_path / "raw").exit_code == 0
    task = read_task(made / "speech_commands-v0.0.2-5h")
    assert task.notice is not None
    assert "16 train, 15 valid, 13 test clips, not 16000 train, 2000 valid, 4890" in task.notice


def test_official_list_with_missing_files(tmp_path: Path, make: Make) -> None:
    train, _ = write_speech_commands(tmp_path / "raw")
    shutil.rmtree(train / "bed")
    result = make("speech_commands_full", "--source", tmp_path / "raw")
    assert result.exit_code == 2
    assert "validation_list.txt names 1 files that are missing, bed/" in result.output


def test_training_archive_alone(tmp_path: Path, make: Make) -> None:
    train, _ = write_speech_commands(tmp_path / "raw")
    result = make("speech_commands_5h", "--source", train)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "Speech Commands' test set not found" in result.output
    assert "download http://download.tensorflow.org/" in result.output


def test_nsynth_keeps_the_pianos_notes(tmp_path: Path, made: Path, make: Make) -> None:
    write_nsynth(tmp_path / "raw")
    result = make("nsynth_pitch-v2.2.3-5h", "--source", tmp_path / "raw")
    assert result.exit_code == 0, result.output
    folder = made / "nsynth_pitch-v2.2.3-5h"
    assert read_task(folder).vocabulary == ("21", "60", "108")
    assert (folder / "labelvocabulary.csv").read_text() == "idx,label\n0,21\n1,60\n2,108\n"
    assert json.loads((folder / "test.json").read_text()) == {
        f"keyboard_acoustic_300-{pitch:03d}-{velocity:03d}.wav": [pitch]
        for pitch in (21, 60, 108)
        for velocity in (25, 26)
    }


def test_nsynth_archives_in_a_folder(tmp_path: Path, made: Path, make: Make) -> None:
    for folder in write_nsynth(tmp_path / "raw", notes=1):
        base = str(tmp_path / "downloads" / f"{folder.name}.jsonwav")
        shutil.make_archive(base, "gztar", folder.parent, folder.name)
    result = make("nsynth_pitch_5h", "--source", tmp_path / "downloads")
    assert result.exit_code == 0, result.output
    assert [path.name for path in made.iterdir()] == ["nsynth_pitch-v2.2.3-5h"]  # nothing unpacked


def test_nsynth_example_without_pitch(tmp_path: Path, make: Make) -> None:
    folder = write_nsynth(tmp_path / "raw")[1]
    (folder / "examples.json").write_text('{"note": {"note_str": "note"}}')
    result = make("nsynth_pitch_5h", "--source", tmp_path / "raw")
    assert result.exit_code == 2
    assert "examples.json: note 'note' has no pitch" in result.output


def test_dcase(tmp_path: Path, made: Path, make: Make) -> None:
    write_dcase(tmp_path / "raw")
    result = make("dcase2016_task2", "--source", tmp_path / "raw")
    assert result.exit_code == 0, result.output
    task = read_task(made / "dcase2016_task2-hear2021-full")
    assert (task.name, task.sample_duration) == ("dcase2016_task2", 120.0)
    assert task.vocabulary == ("clearthroat", "laughter", "phone")
    events = {split: read_events(task, split) for split in task.splits}
    assert {split: len(clips) for split, clips in events.items()} == {
        "train": 6,
        "valid": 2,
        "test": 2,
    }
    all_events = {file: found for clips in events.values() for file, found in clips.items()}
    # In ms; the laughter ends with the clip, the phone after the clip's end is gone.
    assert all_events["test_1_ebr_-6_nec_0_poly_0.wav"] == [
        ("clearthroat", 500.0, 1040.0),
        ("phone", 1250.0, 2000.0),
        ("laughter", 119000.0, 120000.0),
    ]
    path = next(task.folder.glob("16000/*/dev_1_ebr_0_nec_1_poly_1.wav"))
    audio, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert (rate, audio.shape) == (16000, (120 * 16000, 1))
    assert not audio[4 * 16000 :].any()


def test_dcase_annotation_with_a_wrong_line(tmp_path: Path, make: Make) -> None:
    dev, _ = write_dcase(tmp_path / "raw")
    path = next(dev.glob("annotation/*.txt"))
    path.write_text("0.5\t1.0\tphone\n0.5 1.0 phone\n")
    result = make("dcase2016_task2", "--source", tmp_path / "raw")
    assert result.exit_code == 2
    assert f"{path.name}, line 2: expected onset, offset (seconds) and label" in result.output


def test_esc50_at_two_rates_from_an_archive(tmp_path: Path, made: Path, make: Make) -> None:
    folder = write_esc50(tmp_path / "raw", lengths=(5.0, 4.2, 6.0))
    archive = tmp_path / "ESC-50.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(folder.rglob("*")):
            opened.write(path, path.relative_to(folder.parent))
    rates = ("--sample-rate", 32000, "--sample-rate", 16000)
    result = make("ESC-50", "--source", archive, *rates)
    assert result.exit_code == 0, result.output
    (task,) = find_tasks(made)
    assert isinstance(task, Task)
    assert (task.full_name, task.split_mode, task.sample_duration) == (
        "esc50-v2.0.0-full",
        "presplit_kfold",
        5,
    )
    assert task.evaluation == ("top1_acc", "mAP", "d_prime", "aucroc")
    assert scene_labels(task.folder)["fold02"] == {
        "3-3000-A-0.wav": ["dog"],
        "3-3010-A-10.wav": ["rain"],
    }
    for rate in (16000, 32000):
        files = sorted((task.folder / str(rate)).rglob("*.wav"))
        assert len(files) == 10
        assert all(soundfile.info(path).frames == 5 * rate for path in files)


def test_esc50_below_a_wrong_folder(tmp_path: Path, make: Make) -> None:
    (tmp_path / "empty").mkdir()
    result = make("esc50", "--source", tmp_path / "empty")
    assert result.exit_code == 2
    assert "expected a folder with meta/esc50.csv, audio in it, or master.zip" in result.output


def test_esc50_with_a_sixth_fold(tmp_path: Path, make: Make) -> None:
    folder = write_esc50(tmp_path / "raw")
    table = folder / "meta" / "esc50.csv"
    table.write_text(table.read_text().replace(",5,0,dog", ",6,0,dog"))
    result = make("esc50", "--source", folder)
    assert result.exit_code == 2
    assert "is in fold '6', not 1 to 5" in result.output


def test_label_that_a_split_lacks_is_an_error_as_to_hear(tmp_path: Path, make: Make) -> None:
    folder = write_esc50(tmp_path / "raw")
    table = folder / "meta" / "esc50.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if not line.startswith("5-5010")))
    result = make("esc50", "--source", folder)
    assert result.exit_code == 2
    assert "would have no clip of rain in split 'fold04'" in result.output


def test_task_that_has_no_raw_data_here(make: Make) -> None:
    result = make("maestro", "--source", ".")
    assert result.exit_code == 2
    assert "msbench tasks get maestro downloads it" in result.output


def test_source_that_is_no_folder(tmp_path: Path, make: Make) -> None:
    (tmp_path / "notes.txt").touch()
    result = make("esc50", "--source", tmp_path / "notes.txt")
    assert result.exit_code == 2
    assert "notes.txt is neither a folder nor a .zip or .tar archive" in result.output


@pytest.mark.parametrize("name", ["esc50", "speech_commands_5h", "folders", "events"])
def test_help_of_every_kind(name: str, make: Make) -> None:
    assert make(name, "--help").exit_code == 0
