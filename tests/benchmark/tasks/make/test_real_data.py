"""Real recordings: raw layouts rebuilt from tasks that exist, made into tasks again."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark.tasks.labels import read_events
from benchmark.tasks.task import read_task
from tests.benchmark.tasks.make.conftest import Make
from tests.benchmark.tasks.make.raw_layouts import noise

pytestmark = [pytest.mark.shared, pytest.mark.slow]
RATE = 16000


def labels(folder: Path, split: str) -> dict[str, list[str]]:
    """Labels by file name without suffix, as the given audio is Ogg and the made is WAV."""
    clips = json.loads((folder / f"{split}.json").read_text())
    return {Path(file).stem: names for file, names in clips.items()}


def assert_same_audio(given: Path, made: Path) -> None:
    expected, _ = soundfile.read(given, dtype="float32")
    audio, rate = soundfile.read(made, dtype="float32")
    assert rate == RATE
    assert len(audio) == len(expected)
    assert np.abs(audio - np.clip(expected, -1, 32767 / 32768)).max() <= 0.5001 / 32768


def test_esc50(shared_data: Path, tmp_path: Path, made: Path, make: Make) -> None:
    given = shared_data / "tasks" / "esc50-v2.0.0-full"
    folds = [f"fold{index:02d}" for index in range(5)]
    raw = tmp_path / "ESC-50-master"
    (raw / "audio").mkdir(parents=True)
    (raw / "meta").mkdir()
    with (raw / "meta" / "esc50.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("filename", "fold", "target", "category", "esc10", "src_file", "take"))
        for number, fold in enumerate(folds, 1):
            for path in sorted((given / str(RATE) / fold).iterdir()):
                _, source, take, target = re.split(r"[-.]", path.stem)
                category = labels(given, fold)[path.stem][0]
                rows.writerow((path.name, number, target, category, False, source, take))
                (raw / "audio" / path.name).symlink_to(path.resolve())
    result = make("esc50", "--source", raw)
    assert result.exit_code == 0, result.output
    task = read_task(made / "esc50-v2.0.0-full")
    assert task.notice is None  # 400 clips a fold, as HEAR's
    assert task.vocabulary == read_task(given).vocabulary
    for fold in folds:
        assert labels(task.folder, fold) == labels(given, fold)
        for path in sorted((given / str(RATE) / fold).iterdir())[::40]:
            assert_same_audio(path, task.folder / str(RATE) / fold / f"{path.stem}.wav")


def test_speech_commands(shared_data: Path, tmp_path: Path, made: Path, make: Make) -> None:
    """The given splits as official lists and test set; what is unknown is the word "bed"."""
    given = shared_data / "tasks" / "speech_commands-v0.0.2-testset"
    train, test = tmp_path / "train", tmp_path / "test"
    valid_list = []
    for split in ("train", "valid", "test"):
        for path in (given / str(RATE) / split).iterdir():
            label, _, name = path.stem.partition("-")
            if split != "test" and label == "_silence_":
                continue
            folder = {"_unknown_": "bed"}.get(label, label) if split != "test" else label
            target = (test if split == "test" else train) / folder / f"{name}.wav"
            target.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(target, *soundfile.read(path, dtype="int16"), subtype="PCM_16")
            if split == "valid":
                valid_list.append(f"{folder}/{name}.wav\n")
    (train / "validation_list.txt").write_text("".join(valid_list))
    (train / "testing_list.txt").write_text("")
    for kind in ("running_tap", "pink_noise"):
        noise(train / "_background_noise_" / f"{kind}.wav", 3.0, RATE)
    result = make("speech_commands_full", "--source", train, "--source", test)
    assert result.exit_code == 0, result.output
    folder = made / "speech_commands-v0.0.2-full"
    assert (folder / "labelvocabulary.csv").read_text().split() == (
        given / "labelvocabulary.csv"
    ).read_text().split()
    for split in ("train", "valid", "test"):
        expected = {
            stem.replace("_unknown_-", "bed-" if split != "test" else "_unknown_-").replace(
                "-", "_", 1
            ): names
            for stem, names in labels(given, split).items()
            if split == "test" or names != ["_silence_"]
        }
        found = labels(folder, split)
        silence = found.keys() - expected.keys()
        assert {stem: found[stem] for stem in expected} == expected
        assert len(silence) == (0 if split == "test" else 4)  # 3 s, half a second apart
        assert all(found[stem] == ["_silence_"] for stem in silence)


def test_dcase(shared_data: Path, tmp_path: Path, made: Path, make: Make) -> None:
    """The given clips are a remix with the challenge's own names, so HEAR's draw can be made."""
    given = read_task(shared_data / "tasks" / "dcase2016_task2-remix-full")
    folders = {
        "dev": tmp_path / "dcase2016_task2_train_dev" / "dcase2016_task2_dev",
        "test": tmp_path / "dcase2016_task2_test_public",
    }
    expected, sounds = {}, {}
    for split in given.splits:
        for file, events in read_events(given, split).items():
            stem = Path(file).stem
            folder = folders[stem.partition("_")[0]]
            for name in ("annotation", "sound"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            rows = [f"{e.onset_ms / 1000}\t{e.offset_ms / 1000}\t{e.label}\n" for e in events]
            (folder / "annotation" / f"{stem}.txt").write_text("".join(rows))
            sounds[stem] = folder / "sound" / f"{stem}.wav"
            audio, rate = soundfile.read(given.folder / str(RATE) / split / file, dtype="int16")
            soundfile.write(sounds[stem], audio, rate)
            expected[stem] = events
    result = make("dcase2016_task2", "--source", tmp_path)
    assert result.exit_code == 0, result.output
    task = read_task(made / "dcase2016_task2-hear2021-full")
    assert task.vocabulary == given.vocabulary
    clips = {split: read_events(task, split) for split in task.splits}
    # 20 % of 40 recordings for validation, 20 % for testing.
    assert {split: len(of_split) for split, of_split in clips.items()} == {
        "train": 24,
        "valid": 8,
        "test": 8,
    }
    for split, of_split in clips.items():
        for file, events in of_split.items():
            stem = Path(file).stem
            assert [event.label for event in events] == [event.label for event in expected[stem]]
            times = [(e.onset_ms, e.offset_ms) for e in events]
            np.testing.assert_allclose(
                times, [(e.onset_ms, e.offset_ms) for e in expected[stem]], rtol=1e-12
            )
        assert_same_audio(sounds[stem], task.folder / str(RATE) / split / file)
