"""Reading hear-eval-kit's folders: upstream's labels and rows, and every way a folder can lie."""

import json
import pickle

import numpy as np
import pytest

from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.heareval.plain_pickle import load_plain_pickle
from tests.benchmark.heareval.heareval_folders import write_event_folder, write_scene_folder

PARITY_TASKS = ("fsdd_speaker-v1-full", "fsdd_kfold-v1-full", "fsdd_event-v1-small")


@pytest.fixture
def scene(tmp_path):
    return write_scene_folder(tmp_path / "made-v1-full")


@pytest.fixture
def event(tmp_path):
    return write_event_folder(tmp_path / "made-v1-full")


def assert_refused(folder, *words):
    with pytest.raises((ValueError, OSError)) as caught:
        read_heareval_folder(folder)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


@pytest.mark.shared
@pytest.mark.parametrize("name", PARITY_TASKS)
def test_upstreams_folders_give_what_upstream_trains_on(shared_data, name):
    folder = shared_data / "parity" / "embeddings" / name
    task, splits = read_heareval_folder(folder)
    assert list(splits) == list(task.splits)
    for split, found in splits.items():
        rows = pickle.loads((folder / f"{split}.target-labels.pkl").read_bytes())
        raw = np.fromfile(folder / f"{split}.embeddings.npy", np.float32)
        np.testing.assert_array_equal(found.embeddings, raw.reshape(len(rows), -1), strict=True)
        labels = [{task.vocabulary[i] for i in np.flatnonzero(row)} for row in found.targets]
        assert labels == [set(map(str, row)) for row in rows]
        of_clip = json.loads((folder / f"{split}.json").read_text())
        assert found.clips != tuple(of_clip)
        assert set(found.clips) == set(of_clip)
        if task.embedding_type == "scene":
            assert rows == [of_clip[clip] for clip in found.clips]
            continue
        stamps = json.loads((folder / f"{split}.filename-timestamps.json").read_text())
        clips = [
            clip
            for clip, n in zip(found.clips, found.frames_per_clip, strict=True)
            for _ in range(n)
        ]
        assert clips == [path.split("/")[-1] for path, _ in stamps]
        assert found.timestamps_ms.tolist() == [time for _, time in stamps]
        for clip, events in of_clip.items():
            wanted = [(event["label"], event["start"], event["end"]) for event in events]
            assert found.events[clip] == wanted


def test_labels_may_be_whole_numbers(scene):
    task, splits = read_heareval_folder(scene)
    assert task.vocabulary == ("3", "7")
    train = splits["train"]
    for clip, row in zip(train.clips, train.targets, strict=True):
        assert row.tolist() == ([1, 0] if int(clip[5]) % 2 == 0 else [0, 1])


def test_an_event_end_belongs_to_whom_upstream_gave_it(event):
    """Under NumPy 2 upstream leaves the frame at 1020 ms out; either way its labels are kept."""
    _, splits = read_heareval_folder(event)
    path = event / "test.target-labels.pkl"
    rows = pickle.loads(path.read_bytes())
    (event / "test.json").write_text((event / "test.json").read_text().replace("1020.0", "1000.0"))
    assert splits["test"].targets[20, 1] == 1
    assert rows[20] == ["meow"]
    rows[20] = []
    path.write_bytes(pickle.dumps(rows))
    _, splits = read_heareval_folder(event)
    assert splits["test"].targets[20, 1] == 0


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_values_come_out_of_every_pickle_of_theirs(tmp_path, protocol):
    shared = ["bark", "größe", "x" * 300]
    values = [[], shared, shared, ["bark"], [0, 255, 256, 65536, -1, 2**40, -(2**70), 0.5]]
    values += [[str(number)] for number in range(300)] * 5
    path = tmp_path / "labels.pkl"
    path.write_bytes(pickle.dumps(values, protocol=protocol))
    assert load_plain_pickle(path, "labels") == values


class Attack:
    def __reduce__(self):
        return (open, ("attacked", "w"))


@pytest.mark.parametrize("content", [Attack(), [[Attack()]], {"a": Attack}, np.zeros(3), {1, 2}])
def test_a_pickle_with_code_in_it_runs_nothing(scene, content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (scene / "valid.target-labels.pkl").write_bytes(pickle.dumps(content))
    assert_refused(scene, "valid.target-labels.pkl")
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        b"\x80\x04",
        b"\x80\x04].",  # no rows
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",  # bytes of a size that no file has
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f",  # a bytearray of that size
        b"\x80\x04]r\xff\xff\xff\xff.",  # a memo of four billion places
        b"cos\nsystem\n(S'true'\ntR.",  # the text protocol
        b"\x80\x04Pbench\n.",  # a persistent id
        b"\x80\x04\x82\x01.",  # an extension code
        b"\x80\x04}b.",  # a state for nothing
        b"\x80\x04" + b"](" * 100_000 + b"e" * 100_000 + b".",  # lists in lists in lists ...
        b"\x80\x04]q\x00h\x00a.",  # a list of itself
        b"\x80\x04a.",
        b"\x80\x04e.",
        b"\x80\x04h\x07.",
        b"\x80\x04]].",
        b"\x80\x04K\x01K\x02a.",
        b"\x80\x04]\x8c\x02\xff\xffa.",
        pickle.dumps({"a": 1}),
        pickle.dumps("labels"),
        pickle.dumps([3] * 8),
        pickle.dumps([[3]] * 7),
        pickle.dumps([[None]] * 8),
        pickle.dumps([[[3]]] * 8),
        pickle.dumps([["dog"]] * 8),
    ],
)
def test_what_is_no_list_of_labels_is_refused(scene, content):
    (scene / "valid.target-labels.pkl").write_bytes(content)
    assert_refused(scene, "valid.target-labels.pkl")


@pytest.mark.parametrize(
    "file",
    [
        "task_metadata.json",
        "labelvocabulary.csv",
        "train.json",
        "train.embeddings.npy",
        "train.embedding-dimensions.json",
        "train.target-labels.pkl",
        "train.filename-timestamps.json",
    ],
)
@pytest.mark.parametrize("damage", ["missing", "folder", "empty", "half", "nested"])
def test_a_missing_or_damaged_file_is_named(event, file, damage):
    path = event / file
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        half = content[: len(content) // 2]
        path.write_bytes({"empty": b"", "half": half, "nested": b"[" * 100_000}[damage])
    assert_refused(event, file)


@pytest.mark.parametrize(
    "shape",
    [
        "[8]",
        "[8, 4, 1]",
        "[4, 8.0]",
        "[-8, -4]",
        "[8, 5]",
        "[9, 4]",
        "[0, 0]",
        "8",
        '"8"',
        "[8, true]",
    ],
)
def test_dimensions_that_do_not_fit_are_refused(scene, shape):
    (scene / "train.embedding-dimensions.json").write_text(shape)
    assert_refused(scene, "train.embedding")


def test_dimensions_that_fit_but_swap_rows_and_size_are_refused(scene):
    (scene / "train.embedding-dimensions.json").write_text("[4, 8]")
    assert_refused(scene, "4 embeddings", "train.json lists 8 clips")


def test_a_real_npy_is_not_taken_for_raw_numbers(scene):
    np.save(scene / "train.embeddings.npy", np.zeros((8, 4), np.float32))
    assert_refused(scene, "train.embeddings.npy", "without a header")


def test_rows_in_another_order_are_refused(scene):
    path = scene / "train.target-labels.pkl"
    path.write_bytes(pickle.dumps([*pickle.loads(path.read_bytes())[1:], [3]]))
    assert_refused(scene, "train.target-labels.pkl", "one embedding run")


def test_labels_of_frames_against_the_events_are_refused(event):
    path = event / "train.target-labels.pkl"
    rows = pickle.loads(path.read_bytes())
    rows[4] = ["meow"]
    path.write_bytes(pickle.dumps(rows))
    assert_refused(event, "at 200 ms", "one embedding run")


def change_stamps(event, change):
    path = event / "train.filename-timestamps.json"
    stamps = json.loads(path.read_text())
    path.write_text(json.dumps(change(stamps)))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda rows: rows[:-40], "no row for clip"),
        (lambda rows: rows[:-1], "timestamps"),
        (lambda rows: [["a/other.wav", t] for _, t in rows], "other.wav"),
        (lambda rows: rows[1:40] + rows[40:] + rows[:1], "next to each other"),
        (lambda rows: [[name, None] for name, _ in rows], "row 0"),
        (lambda rows: [[name, True] for name, _ in rows], "row 0"),
        (lambda rows: [[name, float("nan")] for name, _ in rows], "row 0"),
        (lambda rows: [[name, 10**400] for name, _ in rows], "row 0"),
        (lambda rows: [[name] for name, _ in rows], "row 0"),
        (lambda rows: [[1, t] for _, t in rows], "row 0"),
        (lambda rows: {"rows": rows}, "list"),
        (lambda rows: [[name, t / 1000] for name, t in rows], "one embedding run"),
    ],
)
def test_timestamps_that_do_not_fit_are_refused(event, change, word):
    change_stamps(event, change)
    assert_refused(event, "train.", word)


def test_only_the_names_of_clips_count_not_the_path_before_them(event):
    before = read_heareval_folder(event)[1]["train"]
    change_stamps(
        event, lambda rows: [["/etc/../" + name[name.rindex("/") :], t] for name, t in rows]
    )
    after = read_heareval_folder(event)[1]["train"]
    assert after.clips == before.clips
