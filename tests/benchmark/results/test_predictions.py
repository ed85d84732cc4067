import io
import tracemalloc
import zipfile
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.events.table import Event, EventTable
from benchmark.heads.result import FoldResult, TaskResult
from benchmark.results.predictions import (
    MOST_BYTES,
    EventPredictions,
    Predictions,
    ScenePredictions,
    load_predictions,
    predictions_file,
)
from benchmark.runner.evaluate_cell import task_predictions

VOCABULARY = ("bark", "ring")


def _event_fold(fold: str, clips: int, seed: int) -> EventPredictions:
    generator = np.random.default_rng(seed)

    def table(events: int) -> EventTable:
        onset = generator.uniform(0, 1000, events)
        return EventTable(
            np.sort(generator.integers(0, clips, events)) if clips else np.zeros(0, np.int64),
            generator.integers(0, 2, events),
            onset,
            onset + 1 / 3,
        )

    names = tuple(f"{fold}-{index}.wav" for index in range(clips))
    return EventPredictions(fold, names, table(5 * clips), table(3 * clips))


def _scene_fold(fold: str, clips: int, seed: int) -> ScenePredictions:
    generator = np.random.default_rng(seed)
    targets = generator.integers(0, 2, (clips, 2)).astype(np.float32)
    names = tuple(f"{fold}-ü{index}.wav" for index in range(clips))
    return ScenePredictions(fold, names, generator.random((clips, 2), np.float32), targets)


def _same(left: Predictions, right: Predictions) -> None:
    assert left.vocabulary == right.vocabulary
    assert len(left.folds) == len(right.folds)
    for one, other in zip(left.folds, right.folds, strict=True):
        assert type(one) is type(other)
        assert (one.fold, one.clips) == (other.fold, other.clips)
        for a, b in zip(astuple(one)[2:], astuple(other)[2:], strict=True):
            for column, same in zip(np.atleast_1d(a), np.atleast_1d(b), strict=True):
                np.testing.assert_array_equal(column, same, strict=True)


@pytest.mark.parametrize("clips", [(3,), (4, 1, 2)])
@pytest.mark.parametrize("make", [_scene_fold, _event_fold])
def test_predictions_survive_the_disk(tmp_path: Path, make, clips: tuple[int, ...]) -> None:
    folds = tuple(make(f"fold{index}", count, index) for index, count in enumerate(clips))
    predictions = Predictions(VOCABULARY, folds)
    path = tmp_path / "cell.npz"
    path.write_bytes(predictions_file(predictions))
    _same(load_predictions(path), predictions)
    assert predictions_file(load_predictions(path)) == path.read_bytes()


def test_no_event_at_all(tmp_path: Path) -> None:
    nothing = EventTable(*np.zeros((2, 0), np.int64), *np.zeros((2, 0)))
    predictions = Predictions(VOCABULARY, (EventPredictions("test", ("a.wav",), nothing, nothing),))
    (tmp_path / "cell.npz").write_bytes(predictions_file(predictions))
    _same(load_predictions(tmp_path / "cell.npz"), predictions)


def test_a_file_of_another_kind_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "cell.npz"
    with pytest.raises(FileNotFoundError):
        load_predictions(path)
    for damaged in (b"", b"text", _whole()[:-9], _whole()[9:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"cell\.npz is no predictions file") as raised:
            load_predictions(path)
        assert "\n" not in str(raised.value)
    np.savez(path, schema=np.array(99))
    with pytest.raises(ValueError, match="version 99"):
        load_predictions(path)
    np.savez(path, schema=np.array(1), folds=np.array([object()]))  # would need pickle
    with pytest.raises(ValueError, match="no predictions file"):
        load_predictions(path)


def _whole() -> bytes:
    return predictions_file(Predictions(VOCABULARY, (_scene_fold("test", 9, 0),)))


def test_a_flipped_byte_never_changes_a_prediction(tmp_path: Path) -> None:
    path = tmp_path / "cell.npz"
    path.write_bytes(_whole())
    right = load_predictions(path)
    refused = 0
    for place in range(0, len(_whole()), 2):
        damaged = bytearray(_whole())
        damaged[place] ^= 255
        path.write_bytes(damaged)
        try:
            _same(load_predictions(path), right)  # of fields of the archive that nobody reads
        except ValueError:
            refused += 1
    assert refused > 50


def _result(predictions: object, clips: tuple[str, ...]) -> TaskResult:
    fold = FoldResult("test", {"x": 1.0}, 0.5, 3, 1.0, {}, (), clips, predictions)  # type: ignore[arg-type]
    return TaskResult([fold], "x", "max", "x", 8)


def test_of_a_scene_task() -> None:
    clips = ("a.wav", "b.wav")
    targets = np.array([[1, 0], [1, 1]], np.float32)
    probabilities = np.array([[0.25, 0.5], [0.75, 1]], np.float32)
    split = SceneSplit("test", np.zeros((2, 4), np.float32), targets, clips)
    kept = task_predictions(_result(probabilities, clips), {"test": split}, VOCABULARY)
    _same(kept, Predictions(VOCABULARY, (ScenePredictions("test", clips, probabilities, targets),)))


def test_of_an_event_task() -> None:
    clips = ("a.wav", "b.wav")
    predicted = {"a.wav": [], "b.wav": [Event("ring", 10.0, 20.5), Event("bark", 1.0, 2.0)]}
    events = {"b.wav": [Event("ring", 11.0, 21.0)], "a.wav": [Event("bark", 0.0, 5.0)]}
    frames = np.zeros((4, 2), np.float32)
    split = EventSplit("test", frames, frames, clips, np.array([2, 2]), np.zeros(4), events)
    (fold,) = task_predictions(_result(predicted, clips), {"test": split}, VOCABULARY).folds
    assert isinstance(fold, EventPredictions)
    assert [column.tolist() for column in astuple(fold.predicted)] == [
        [1, 1],
        [1, 0],
        [10.0, 1.0],
        [20.5, 2.0],
    ]
    assert [column.tolist() for column in astuple(fold.reference)] == [
        [0, 1],
        [0, 1],
        [0.0, 11.0],
        [5.0, 21.0],
    ]


def _with_member(path: Path, name: str, content: bytes, zeros: int = 0) -> None:
    """A whole file, in which one member has other content, and as many bytes more."""
    with (
        zipfile.ZipFile(io.BytesIO(_whole())) as whole,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for member in whole.infolist():
            if member.filename != name:
                archive.writestr(member.filename, whole.read(member))
        with archive.open(name, "w", force_zip64=True) as file:
            file.write(content)
            for _ in range(0, zeros, 1 << 20):
                file.write(bytes(1 << 20))


def _header(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    description = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, description)
    return file.getvalue()


@pytest.mark.parametrize(
    ("zeros", "shape", "words"),
    [
        (64 << 20, (1 << 24,), "it has .* bytes: at most 33,554,432"),
        (0, (1 << 26,), "an array has 268,435,456 bytes"),
        (0, (1 << 40,), "an array has 4,398,046,511,104 bytes"),
    ],
)
def test_a_member_that_fills_the_memory_is_not_loaded(
    tmp_path: Path,
    zeros: int,
    shape: tuple[int, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "cell.npz"
    _with_member(path, "probabilities.npy", _header(shape), zeros)
    if zeros:  # a small bound keeps the test fast
        monkeypatch.setattr("benchmark.results.predictions.MOST_BYTES", 32 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=words):
            load_predictions(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_member_of_another_name_may_have_any_size_and_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark.results.predictions.MOST_BYTES", 32 << 20)
    path = tmp_path / "cell.npz"
    _with_member(path, "other.npy", _header((1 << 24,)), 64 << 20)
    tracemalloc.start()
    load_predictions(path)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_run_does_not_write_what_it_could_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_BYTES > 10 * 10_231 * 200 * 4  # of FSD50K, in float32
    monkeypatch.setattr("benchmark.results.predictions.MOST_BYTES", 100)
    with pytest.raises(ValueError, match=r"what the heads predicted has .* bytes: at most 100"):
        _whole()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("offset_ms", 1e18, "1e\\+18 ms"), ("onset_ms", np.nan, "nan ms"), ("label", 7, "a label")],
)
def test_events_that_cannot_be_are_not_read(
    tmp_path: Path, column: str, value: float, words: str
) -> None:
    fold = _event_fold("test", 3, 0)
    getattr(fold.predicted, column)[2] = value
    path = tmp_path / "cell.npz"
    path.write_bytes(predictions_file(Predictions(VOCABULARY, (fold,))))
    with pytest.raises(
        ValueError, match=f"no predictions file that this version can read .*{words}"
    ):
        load_predictions(path)
