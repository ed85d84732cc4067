"""Tasks beyond HEAR's from miniatures of their archives."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import soundfile

from benchmark.tasks.labels import read_events, read_scene_labels
from benchmark.tasks.make.speaker_splits import draw_speakers
from benchmark.tasks.task import read_task
from tests.benchmark.tasks.make.conftest import Make
from tests.benchmark.tasks.make.more_layouts import (
    EMODB_SPEAKERS,
    SCENES,
    write_common_language,
    write_crema_d,
    write_desed,
    write_emodb,
    write_nsynth_families,
    write_ravdess,
    write_tau,
    write_urbansound8k,
)


def labels_of(folder: Path) -> dict[str, Mapping[str, list[str]]]:
    task = read_task(folder)
    return {split: read_scene_labels(task, split) for split in task.splits}


def test_urbansound8k_has_its_own_folds(tmp_path: Path, made: Path, make: Make) -> None:
    folder = write_urbansound8k(tmp_path / "raw")
    archive = shutil.make_archive(str(tmp_path / folder.name), "gztar", folder.parent, folder.name)
    result = make("urbansound8k", "--source", archive)
    assert result.exit_code == 0, result.output
    task = read_task(made / "urbansound8k-v1.0-full")
    assert task.splits == tuple(f"fold{index:02d}" for index in range(10))
    assert (task.split_mode, task.sample_duration) == ("presplit_kfold", 4.0)
    assert labels_of(task.folder)["fold09"] == {  # the tenth is the last, not after the first
        "100135-3-0-0.wav": ["dog_bark"],
        "100135-3-0-1.wav": ["dog_bark"],
        "100140-8-0-0.wav": ["siren"],
        "100140-8-0-1.wav": ["siren"],
    }
    clip = soundfile.info(task.folder / "16000" / "fold09" / "100135-3-0-1.wav")
    assert (clip.frames, clip.channels) == (4 * 16000, 1)


def test_urbansound8k_with_an_eleventh_fold(tmp_path: Path, make: Make) -> None:
    folder = write_urbansound8k(tmp_path)
    path = folder / "metadata" / "UrbanSound8K.csv"
    path.write_text(path.read_text().replace(",1,10,3,", ",1,11,3,"))
    result = make("urbansound8k", "--source", folder)
    assert result.exit_code == 2
    assert "UrbanSound8K.csv, line 38: 100135-3-0-0.wav is in fold '11'" in result.output


def test_speakers_are_drawn_as_by_tensorflow_datasets() -> None:
    # RandomState(0).permutation(10) is 2 8 4 9 1 6 7 3 0 5.
    drawn = draw_speakers(EMODB_SPEAKERS, (0.6, 0.2, 0.2))
    assert {s for s, split in drawn.items() if split == "train"} == {
        EMODB_SPEAKERS[index] for index in (2, 8, 4, 9, 1, 6)
    }
    assert {s for s, split in drawn.items() if split == "valid"} == {"14", "10"}
    assert {s for s, split in drawn.items() if split == "test"} == {"03", "12"}


def test_creamd_has_as_many_actors_as_published() -> None:
    """82 clips of an actor: 5 144, 738 and 1 556 in the catalogue are 63, 9 and 19 of them."""
    drawn = list(draw_speakers(map(str, range(1001, 1092)), (0.7, 0.1, 0.2)).values())
    assert [drawn.count(split) for split in ("train", "valid", "test")] == [63, 9, 19]


def test_too_few_speakers() -> None:
    with pytest.raises(ValueError, match="2 speakers are too few"):
        draw_speakers("ab", (0.6, 0.2, 0.2))


def test_ravdess(tmp_path: Path, made: Path, make: Make) -> None:
    write_ravdess(tmp_path / "raw")
    name = "Audio_Speech_Actors_01-24"
    shutil.make_archive(str(tmp_path / "downloads" / name), "zip", tmp_path / "raw")
    result = make("ravdess", "--source", tmp_path / "downloads")
    assert result.exit_code == 0, result.output
    folder = made / "ravdess-v1.0.0-full"
    clips = labels_of(folder)
    assert {split: len(files) for split, files in clips.items()} == {
        "train": 28,
        "valid": 10,
        "test": 10,
    }
    actors = {split: {file[-6:-4] for file in files} for split, files in clips.items()}
    assert sum(map(len, actors.values())) == len(set().union(*actors.values())) == 24
    every = {file: labels for files in clips.values() for file, labels in files.items()}
    assert every["03-01-06-01-02-01-12.wav"] == ["fearful"]  # the example of the data set's page
    assert every["03-01-01-01-02-01-12.wav"] == ["neutral"]
    assert "48 clips" in result.output
    assert "not 840 train, 300 valid, 300 test" in str(read_task(folder).notice)


def test_ravdess_with_a_song(tmp_path: Path, make: Make) -> None:
    folder = write_ravdess(tmp_path)
    (folder / "Actor_01" / "03-02-06-01-02-01-01.wav").write_bytes(b"")
    result = make("ravdess", "--source", folder)
    assert result.exit_code == 2
    assert "03-02-06-01-02-01-01.wav is not named as RAVDESS' speech is" in result.output


def test_emodb(tmp_path: Path, made: Path, make: Make) -> None:
    result = make("emodb", "--source", write_emodb(tmp_path / "raw"))
    assert result.exit_code == 0, result.output
    clips = labels_of(made / "emodb-v1.0.0-full")
    assert clips["test"] == {  # speakers 03 and 12
        f"{speaker}{name}.wav": [label]
        for speaker in ("03", "12")
        for name, label in (
            ("a01Fa", "happiness"),
            ("a01Wa", "anger"),
            ("a01Wb", "anger"),
            ("b02Nb", "neutral"),
        )
    }
    assert len(clips["train"]) == 6 * 4


def test_crema_d_by_speaker(tmp_path: Path, made: Path, make: Make) -> None:
    result = make("crema_d_speakers", "--source", write_crema_d(tmp_path / "raw"))
    assert result.exit_code == 0, result.output
    clips = labels_of(made / "crema_d_speakers-v1.0.0-full")
    actors = [{file[:4] for file in files} for files in clips.values()]
    assert sum(map(len, actors)) == len(set().union(*actors)) == 20
    every = {file: labels for files in clips.values() for file, labels in files.items()}
    assert len(every) == 40  # without the one whose file does not exist
    assert every["1007_DFA_ANG_XX.wav"] == ["ANG"]


def test_nsynth_instrument_families(tmp_path: Path, made: Path, make: Make) -> None:
    write_nsynth_families(tmp_path / "raw")
    result = make("nsynth_instrument_full", "--source", tmp_path / "raw")
    assert result.exit_code == 0, result.output
    folder = made / "nsynth_instrument-v2.2.3-full"
    assert read_task(folder).vocabulary == ("keyboard", "string", "synth_lead")
    assert labels_of(folder)["valid"] == {
        "keyboard_acoustic_020-015-050.wav": ["keyboard"],
        "string_acoustic_020-015-050.wav": ["string"],
    }
    assert "Split 'test' has no clip of synth_lead." in result.output


def test_common_language(tmp_path: Path, made: Path, make: Make) -> None:
    write_common_language(tmp_path / "raw")
    result = make("common_language", "--source", tmp_path / "raw")
    assert result.exit_code == 0, result.output
    task = read_task(made / "common_language-v0.1-full")
    assert (task.vocabulary, task.sample_duration) == (("English", "Welsh"), None)
    clips = labels_of(task.folder)
    assert [len(clips[split]) for split in ("train", "valid", "test")] == [4, 4, 4]
    assert clips["valid"]["Welsh_dev_wel_dev_sp_1_common_voice_1_dev.wav"] == ["Welsh"]


def test_tau_urban_scenes_keeps_places_together(tmp_path: Path, made: Path, make: Make) -> None:
    result = make("tau_urban_scenes", "--source", write_tau(tmp_path))
    assert result.exit_code == 0, result.output
    clips = labels_of(made / "tau_urban_scenes-2020-mobile-full")
    assert clips["test"] == {
        f"{scene}-lyon-5-500-{device}.wav": [scene] for scene in SCENES for device in ("a", "s1")
    }
    assert len(clips["train"]) + len(clips["valid"]) == 20
    places = [{file.split("-")[2] for file in clips[split]} for split in ("train", "valid")]
    assert not places[0] & places[1]
    assert all(clips.values())


def test_tau_audio_that_is_not_there_is_named(tmp_path: Path, make: Make) -> None:
    downloads = write_tau(tmp_path)
    next(downloads.glob("*.audio.2.zip")).unlink()
    result = make("tau_urban_scenes", "--source", downloads)
    assert result.exit_code == 2
    assert "12 of 24 source files are missing" in result.output
    assert "fold1_train.csv lists it" in result.output


def test_desed_trains_on_synthetic_and_tests_on_real(
    tmp_path: Path, made: Path, make: Make
) -> None:
    write_desed(tmp_path / "raw")
    result = make("desed", "--source", tmp_path / "raw")
    assert result.exit_code == 0, result.output
    task = read_task(made / "desed-2021-full")
    assert (task.embedding_type, task.sample_duration) == ("event", 10.0)
    events = {split: read_events(task, split) for split in task.splits}
    ended = [("Dog", 100.0, 400.0), ("Speech", 9500.0, 10000.0)]  # the clip ends at 10 s
    assert events["train"] == {f"train_{index}.wav": ended for index in range(3)}
    assert events["valid"] == {"valid_0.wav": ended}
    assert events["test"] == {
        "test_Y1_30.000_40.000.wav": [("Dog", 250.0, 1500.0)],
        "test_Y2_0.000_10.000.wav": [],
    }


def test_desed_without_the_public_set(tmp_path: Path, make: Make) -> None:
    write_desed(tmp_path)
    result = make("desed", "--source", tmp_path / "dcase_synth")
    assert result.exit_code == 2
    assert "DESED's public evaluation set not found" in result.output
