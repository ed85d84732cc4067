"""Tasks of anybody's data, from the command line to the reader of task folders."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import soundfile

from benchmark.tasks.check.check_task import check_task
from benchmark.tasks.labels import read_events, read_scene_labels
from benchmark.tasks.task import read_task
from tests.benchmark.tasks.make.conftest import Make
from tests.benchmark.tasks.make.raw_layouts import noise


def labels_of(folder: Path) -> dict[str, dict[str, list[str]]]:
    task = read_task(folder)
    return {split: read_scene_labels(task, split) for split in task.splits}


def splits_of(folder: Path) -> dict[str, str]:
    return {file: split for split, clips in labels_of(folder).items() for file in clips}


def write_events(folder: Path, rows: list[str], files: int = 3) -> None:
    for index in range(files):
        noise(folder / f"{index}.wav", 2.0, 8000)
    (folder / "events.csv").write_text("\n".join(["file,onset,offset,label,split", *rows]) + "\n")


def write_jams(path: Path, namespace: str, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    annotations = [
        {"namespace": "beat", "data": []},
        {"namespace": namespace, "data": data, "annotation_metadata": {}},
    ]
    path.write_text(json.dumps({"annotations": annotations, "file_metadata": {"duration": 2.0}}))


def test_folder_per_class_with_speakers(tmp_path: Path, made: Path, make: Make) -> None:
    for speaker in range(8):
        for digit in ("1", "2", "10"):
            for take in range(2):
                noise(tmp_path / "raw" / digit / f"s{speaker}_{take}_{digit}.wav", 0.2, 8000)
    (tmp_path / "raw" / "README.txt").touch()
    result = make("folders", "digits", "--source", tmp_path / "raw", "--group", "^(s[0-9]+)_")
    assert result.exit_code == 0, result.output
    folder = made / "digits-v1-full"
    task = read_task(folder)
    assert task.vocabulary == ("1", "2", "10")  # by number
    assert task.sample_duration is None
    splits = splits_of(folder)
    assert len(splits) == 48
    speakers = {(file.partition("_")[0], split) for file, split in splits.items()}
    assert len(speakers) == 8
    assert all(
        names == [Path(file).stem.split("_")[2]]
        for names_of in labels_of(folder).values()
        for file, names in names_of.items()
    )
    assert "Splits drawn 80:10:10 by label, seed 0" in result.output
    assert (
        soundfile.info(
            folder
            / "16000"
            / "test"
            / sorted(file for file, split in splits.items() if split == "test")[0]
        ).frames
        == 3200
    )


def test_folders_of_splits_and_names_that_come_twice(
    tmp_path: Path, made: Path, make: Make
) -> None:
    for split in ("train", "val", "test"):
        for label in ("cat", "dog"):
            noise(tmp_path / "raw" / split / label / "deep" / "1.wav", 0.2, 16000)
    archive = shutil.make_archive(str(tmp_path / "pets"), "zip", tmp_path, "raw")
    result = make("folders", "pets", "--source", archive, "--version", "v2", "--duration", "0.5")
    assert result.exit_code == 0, result.output
    folder = made / "pets-v2-full"
    assert labels_of(folder) == {
        split: {f"{name}_{label}_deep_1.wav": [label] for label in ("cat", "dog")}
        for split, name in (("train", "train"), ("valid", "val"), ("test", "test"))
    }
    assert soundfile.info(next(folder.rglob("*.wav"))).frames == 8000


def test_csv_with_folds_and_other_columns(tmp_path: Path, made: Path, make: Make) -> None:
    rows = ["filename;category;fold"]
    for index in range(9):
        noise(tmp_path / "raw" / "audio" / f"{index}.wav", 0.1, 16000)
        rows.append(f"{index}.wav;{'ab'[index % 2]};{index % 3 + 1}")
    (tmp_path / "raw" / "meta.csv").write_text("\ufeff" + "\n".join(rows))
    columns = ("--column", "file=filename", "--column", "label=category")
    source = ("--source", tmp_path / "raw", "--csv", "meta.csv")
    result = make("csv", "letters", *source, *columns)
    assert result.exit_code == 0, result.output
    task = read_task(made / "letters-v1-full")
    assert (task.split_mode, task.splits) == ("presplit_kfold", ("fold00", "fold01", "fold02"))
    assert labels_of(task.folder)["fold01"] == {"1.wav": ["b"], "4.wav": ["a"], "7.wav": ["b"]}


def test_csv_with_several_labels(tmp_path: Path, made: Path, make: Make) -> None:
    for index in range(3):
        noise(tmp_path / f"{index}.wav", 0.1, 16000)
    (tmp_path / "rows.csv").write_text(
        "file,label,split\n0,rain,train\n0,wind,train\n"
        '1,"wind |\nrain",valid\n2,,test\n2,rain,test\n'
    )
    options = ("--source", tmp_path, "--csv", tmp_path / "rows.csv", "--score", "aucroc,mAP")
    result = make("csv", "weather", *options, "--separator", "|")
    assert result.exit_code == 0, result.output
    task = read_task(made / "weather-v1-full")
    assert (task.prediction_type, task.evaluation) == ("multilabel", ("aucroc", "mAP"))
    assert labels_of(task.folder) == {
        "train": {"0.wav": ["rain", "wind"]},
        "valid": {"1.wav": ["rain", "wind"]},
        "test": {"2.wav": ["rain"]},
    }
    shutil.rmtree(made)
    result = make("csv", "weather", *options)
    assert result.exit_code == 2
    assert "1 of 3 clips have not exactly one label" in result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\n0.wav,a\n", "has no column 'file' (it has path, label)"),
        ("file,label,split\n0.wav,a,train\n0.wav,b,test\n", "line 3: 0.wav is in another split"),
        ("file,label\n,a\n", "line 2 names no file"),
        ("file,label,split,fold\n0.wav,a,train,1\n", "both a column 'split' and a column 'fold'"),
        ("file,label\n", "would have no clip"),
    ],
)
def test_tables_that_are_wrong(tmp_path: Path, make: Make, text: str, message: str) -> None:
    noise(tmp_path / "0.wav", 0.1, 16000)
    (tmp_path / "rows.csv").write_text(text)
    result = make("csv", "x", "--source", tmp_path, "--csv", "rows.csv")
    assert result.exit_code == 2
    assert message in result.output
    assert result.output.count("\n") == 1


def test_events_in_seconds(tmp_path: Path, made: Path, make: Make) -> None:
    rows = [
        "0,0.25,0.5,dog,train",
        "1.wav,1.5,2.25,cat,valid",  # goes on after the recording's end
        "2,0,1,cat,test",
        "2,0.5,0.5,dog,test",
        "3,,,,train",
    ]
    write_events(tmp_path, rows, files=4)
    source = ("--source", tmp_path, "--csv", "events.csv", "--time-unit", "s")
    result = make("events", "pets", *source)
    assert result.exit_code == 0, result.output
    assert "1 events trimmed or dropped at the end of their clips" in result.output
    task = read_task(made / "pets-v1-full")
    assert task.embedding_type == "event"
    assert task.evaluation == ("event_onset_200ms_fms", "segment_1s_er")
    assert {split: read_events(task, split) for split in task.splits} == {
        "train": {"0.wav": [("dog", 250.0, 500.0)], "3.wav": []},
        "valid": {"1.wav": [("cat", 1500.0, 2000.0)]},
        "test": {"2.wav": [("cat", 0.0, 1000.0), ("dog", 500.0, 500.0)]},
    }


def test_events_in_milliseconds_of_trimmed_clips(tmp_path: Path, made: Path, make: Make) -> None:
    splits = ("train", "valid", "test")
    write_events(tmp_path, [f"{i},400,1200,dog,{s}" for i, s in enumerate(splits)])
    source = ("--source", tmp_path, "--csv", "events.csv", "--time-unit", "ms")
    result = make("events", "pets", *source, "--duration", 1)
    assert result.exit_code == 0, result.output
    task = read_task(made / "pets-v1-full")
    assert read_events(task, "test") == {"2.wav": [("dog", 400.0, 1000.0)]}


def test_wrong_units_are_noticed(tmp_path: Path, make: Make) -> None:
    rows = [f"{i % 3},0.{i}1,0.{i}9,dog,{('train', 'valid', 'test')[i % 3]}" for i in range(10)]
    write_events(tmp_path, rows)
    source = ("--source", tmp_path, "--csv", "events.csv")
    result = make("events", "pets", *source, "--time-unit", "ms")
    assert result.exit_code == 2
    assert "All 10 events end within the first 1% of their recordings" in result.output
    write_events(tmp_path, ["0,400,900,dog,train"])
    result = make("events", "pets", *source, "--time-unit", "s")
    assert result.exit_code == 2
    assert "0.wav lasts 2 s, but an event of dog starts at 400 s" in result.output
    result = make("events", "pets", *source)
    assert result.exit_code == 2
    assert "Missing option '--time-unit'" in result.output


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,1.5,1.0,dog,train", "an event must start at 0 or later and end after that"),
        ("0,-1,1.0,dog,train", "an event must start at 0 or later"),
        ("0,0:01,0:02,dog,train", "onset and offset must be numbers, but are '0:01' and '0:02'"),
        ("0,0,1,,train", "line 2 has no label"),
        ("0,nan,1,dog,train", "an event must start at 0 or later"),
    ],
)
def test_events_that_are_wrong(tmp_path: Path, make: Make, row: str, message: str) -> None:
    write_events(tmp_path, [row])
    source = ("--source", tmp_path, "--csv", "events.csv", "--time-unit", "s")
    result = make("events", "x", *source)
    assert result.exit_code == 2
    assert message in result.output


def test_jams_of_scaper_in_folders_of_splits(tmp_path: Path, made: Path, make: Make) -> None:
    for split in ("train", "validate", "test"):
        noise(tmp_path / "audio" / split / "soundscape.wav", 2.0, 16000)
        data = [
            {"time": 0.5, "duration": 0.25, "confidence": 1.0, "value": event}
            for event in ({"label": "siren", "role": "foreground"}, {"role": "background"})
        ]
        path = tmp_path / "annotations" / split / "soundscape.jams"
        write_jams(path, "scaper", data)
    result = make("jams", "street", "--source", tmp_path, "--duration", 2)
    assert result.exit_code == 0, result.output
    task = read_task(made / "street-v1-full")
    assert read_events(task, "valid") == {
        "annotations_validate_soundscape.wav": [("siren", 500.0, 750.0)]
    }
    sound, _ = soundfile.read(tmp_path / "audio" / "validate" / "soundscape.wav")
    clip, _ = soundfile.read(next(task.folder.glob("16000/valid/*.wav")))
    assert (sound == clip).all()


def test_jams_segments_as_lists_and_drawn_splits(tmp_path: Path, made: Path, make: Make) -> None:
    for index in range(10):
        noise(tmp_path / f"{index}.wav", 2.0, 16000)
        data = {"time": [0.0, 1.0], "duration": [1.0, 0.5], "value": ["a", "b"], "confidence": None}
        write_jams(tmp_path / f"{index}.jams", "segment_open", data)
    result = make("jams", "parts", "--source", tmp_path)
    assert result.exit_code == 0, result.output
    task = read_task(made / "parts-v1-full")
    counts = Counter(len(read_events(task, split)) for split in task.splits)
    assert counts == {8: 1, 1: 2}
    (events,) = read_events(task, "test").values()
    assert events == [("a", 0.0, 1000.0), ("b", 1000.0, 1500.0)]


def test_jams_tags_of_whole_clips(tmp_path: Path, made: Path, make: Make) -> None:
    for split in ("train", "valid", "test"):
        noise(tmp_path / split / "a.wav", 1.0, 16000)
        data = [{"time": 0, "duration": 1.0, "value": tag} for tag in ("jazz", "calm", "jazz")]
        write_jams(tmp_path / split / "a.jams", "tag_open", data)
    result = make("jams", "music", "--source", tmp_path, "--scene", "--multilabel")
    assert result.exit_code == 0, result.output
    assert labels_of(made / "music-v1-full")["test"] == {"test_a.wav": ["calm", "jazz"]}


@pytest.mark.parametrize(
    ("namespace", "data", "message"),
    [
        ("chord", [], "must have one annotation of segment_*"),
        ("segment_open", [{"time": 0, "value": "a"}], "has no time or duration"),
        ("segment_open", [{"time": 0, "duration": 1, "value": 0.5}], "has no label"),
        ("segment_open", [{"time": -1, "duration": 1, "value": "a"}], "must be 0 or more"),
        ("segment_open", {"time": [1]}, "the data of segment_open is not JAMS' own"),
    ],
)
def test_jams_that_are_wrong(
    tmp_path: Path, make: Make, namespace: str, data: object, message: str
) -> None:
    noise(tmp_path / "a.wav", 1.0, 16000)
    write_jams(tmp_path / "a.jams", namespace, data)
    result = make("jams", "x", "--source", tmp_path)
    assert result.exit_code == 2
    assert message in result.output


def test_scores_and_names_that_cannot_be(tmp_path: Path, make: Make) -> None:
    for label in ("60", "62"):
        noise(tmp_path / label / f"{label}.wav", 0.1, 16000)
    source = ("--source", tmp_path)
    for arguments, message in (
        (("x", "--score", "accuracy"), "'accuracy' is no score of a task of scene embeddings"),
        (("x", "--score", "pitch_acc,chroma_acc"), "chroma_acc needs labels that are MIDI notes"),
        (("../x",), "'../x' must be letters, digits"),
        (("x", "--duration", "0"), "must last from 0.001 to 86400 s, not 0 s"),
        (("x", "--duration", "1e-9"), "must last from 0.001 to 86400 s"),
        (("x", "--duration", "nan"), "nan is no finite number"),
        (("x", "--score", "mAP,mAP"), "The scores mAP, mAP name one twice"),
        (("x", "--shares", "nan,10,10"), "must be above 0"),
        (("x", "--bad-files", "nan"), "nan is no finite number"),
        (("x", "--shares", "80,20"), "must be three numbers"),
    ):
        result = make("folders", *arguments, *source)
        assert result.exit_code == 2, arguments
        assert message in result.output


@pytest.mark.parametrize(
    "other", ["./a.wav", "../raw/a.wav", "sub/../a.wav", "link.wav", "{}/a.wav"]
)
def test_one_file_under_two_names_is_refused(tmp_path: Path, make: Make, other: str) -> None:
    raw = tmp_path / "raw"
    for name in ("a", "b", "c"):
        noise(raw / f"{name}.wav", 0.1, 16000)
    (raw / "sub").mkdir()
    (raw / "link.wav").symlink_to("a.wav")
    other = other.format(raw)
    rows = ["file,label", "a.wav,x", "b.wav,y", "c.wav,y", f"{other},x"]
    (raw / "t.csv").write_text("\n".join(rows) + "\n")
    result = make("csv", "x", "--source", raw, "--csv", raw / "t.csv", "--folds", 3)
    assert result.exit_code == 2
    assert f"line 5: {other} is the file that line 2 calls a.wav" in result.output


def test_one_class_is_no_task(tmp_path: Path, make: Make) -> None:
    noise(tmp_path / "cat" / "1.wav", 0.1, 16000)
    result = make("folders", "x", "--source", tmp_path)
    assert result.exit_code == 2
    assert "must have a folder of audio per class" in result.output


def test_a_column_can_be_ignored_to_draw_folds(tmp_path: Path, made: Path, make: Make) -> None:
    rows = ["file,label,fold"]
    for index in range(20):
        noise(tmp_path / f"{index}.wav", 0.1, 8000)
        rows.append(f"{index}.wav,{'ab'[index % 2]},{index % 3}")
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    arguments = ("csv", "x", "--source", tmp_path, "--csv", "rows.csv", "--folds", 5)
    refused = make(*arguments)
    assert refused.exit_code == 2 and "give --redraw with --folds" in refused.output
    result = make(*arguments, "--ignore", "fold")
    assert result.exit_code == 0, result.output
    assert len(read_task(made / "x-v1-full").splits) == 5
    shutil.rmtree(made)
    assert make(*arguments, "--redraw").exit_code == 0
    shutil.rmtree(made)
    assert "has no column 'fald' to ignore" in make(*arguments, "--ignore", "fald").output


def test_notes_with_gaps_get_a_vocabulary_without(tmp_path: Path, made: Path, make: Make) -> None:
    for split in ("train", "valid", "test"):
        for label in ("60", "62"):
            noise(tmp_path / split / label / f"{split}{label}.wav", 0.1, 8000)
    arguments = ("folders", "x", "--source", tmp_path, "--score", "pitch_acc,chroma_acc")
    result = make(*arguments, "--notes", "59-63")
    assert result.exit_code == 0, result.output
    assert read_task(made / "x-v1-full").vocabulary == ("59", "60", "61", "62", "63")
    shutil.rmtree(made)
    assert "labels are no MIDI notes from 61 to 63" in make(*arguments, "--notes", "61-63").output
    assert "must be two MIDI notes" in make(*arguments, "--notes", "63-61").output


def test_events_that_no_head_can_put_out_are_told(tmp_path: Path, made: Path, make: Make) -> None:
    splits = ("train", "valid", "test")
    write_events(tmp_path, [f"{i},0.5,0.{55 + 20 * i},dog,{s}" for i, s in enumerate(splits)])
    arguments = ("events", "x", "--source", tmp_path, "--csv", "events.csv", "--time-unit", "s")
    said = "1 of 3 events last less than 125 ms, the shortest that the post-processing"
    assert said in make(*arguments).output
    found = check_task(made / "x-v1-full", lambda done, total: None).findings
    assert said in next(f.message for f in found if f.kind == "short-event")
    shutil.rmtree(made)
    result = make(*arguments, "--min-duration", "20,50", "--median-filter", "0,50")
    assert result.exit_code == 0 and "last less than" not in result.output
    task = read_task(made / "x-v1-full")
    assert task.postprocessing_grid == {"median_filter_ms": [0, 50], "min_duration": [20, 50]}
    found = check_task(task.folder, lambda done, total: None).findings
    assert "short-event" not in {finding.kind for finding in found}
