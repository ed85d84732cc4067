"""Best and worst file by scores counted by hand; events where they belong; the spectrogram."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.events.table import EventTable
from benchmark.report.plots.events import (
    BANDS,
    FRAMES,
    RANGE,
    FileEvents,
    best_and_worst,
    clip_spectrogram,
    frequency_ticks,
    log_mel,
    timeline_figure,
)
from benchmark.report.plots.style import Look
from benchmark.results.predictions import EventPredictions, Predictions
from tests.benchmark.report.plots.drawn import panels, rows, texts
from tests.benchmark.tiny_tasks import write_event_task

LOOK = Look("#0072B2", "o", False)
ONSET = "event_onset_200ms_fms"


def events(*rows: tuple[int, int, float, float]) -> EventTable:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    kinds = (np.int64, np.int64, np.float64, np.float64)
    return EventTable(
        *(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True))
    )


def predictions(predicted: EventTable) -> Predictions:
    """Three files: two events in the first, one in the second, none in the third."""
    reference = events((0, 0, 500, 900), (0, 1, 2000, 3000), (1, 1, 100, 200))
    fold = EventPredictions("test", ("a.wav", "b.wav", "c.wav"), predicted, reference)
    return Predictions(("cough", "phone", "speech"), (fold,))


def test_the_best_and_the_worst_file_by_hand() -> None:
    found = predictions(events((0, 0, 600, 700), (1, 1, 900, 950), (1, 2, 100, 200)))
    best, worst = best_and_worst(found, ONSET)
    assert (best.clip, best.score) == ("a.wav", pytest.approx(2 * 1 / (1 + 2)))
    assert best.remark == "1 of 2 events found, 0 others predicted"
    assert (worst.clip, worst.score) == ("b.wav", 0)
    assert worst.remark == "0 of 1 events found, 2 others predicted"
    assert worst.predicted.onset_ms.tolist() == [900, 100]
    # Seconds: a has 0 of cough, 2 of phone; b has 0 of phone, and cough of a is hit only.
    best, worst = best_and_worst(found, "segment_1s_er")
    assert (best.clip, best.remark) == ("a.wav", "1 wrong for 2 s of events")
    assert (worst.clip, worst.remark) == ("b.wav", "1 wrong for 1 s of events")
    assert (best.score, worst.score) == (0.5, 1)


def test_ties_go_by_name_and_files_without_events_have_no_score() -> None:
    best, worst = best_and_worst(predictions(events()), ONSET)
    assert (best.clip, worst.clip) == ("a.wav", "b.wav")
    nothing = EventPredictions("test", ("a.wav",), events(), events())
    assert best_and_worst(Predictions(("x",), (nothing,)), ONSET) == []
    one = EventPredictions("test", ("a.wav",), events(), events((0, 0, 1, 2)))
    assert [file.clip for file in best_and_worst(Predictions(("x",), (one,)), ONSET)] == ["a.wav"]


def test_events_are_bars_from_onset_to_offset() -> None:
    file = best_and_worst(predictions(events((0, 2, 600, 700))), ONSET)[0]
    figure = timeline_figure("t", ONSET, [(file, None)], ("cough", "phone", "speech"), LOOK)
    (panel,) = panels(figure)
    assert rows(panel) == ["cough", "phone", "speech"]
    bars = {
        (round(box.x0, 6), round(box.x1, 6), collection.get_facecolor()[0].round(3).tolist()[0])
        for collection in panel.collections
        for box in (path.get_extents() for path in collection.get_paths())
    }
    ink, blue = 0.133, 0.0
    assert bars == {(0.5, 0.9, ink), (2.0, 3.0, ink), (0.6, 0.7, blue)}
    assert panel.get_xlim() == (0, 3)


def test_nothing_predicted_is_said_and_names_may_be_long() -> None:
    long = FileEvents("test", "n" * 200 + ".wav", 0.0, "0", events((0, 0, 5, 9)), events())
    empty = FileEvents("test", "e.wav", 0.0, "0", events(), events())
    files = [(long, None), (empty, None)]
    figure = timeline_figure("t" * 120, ONSET, files, ("l" * 99,), LOOK)
    words = texts(figure)
    assert words.count("nothing predicted") == 2
    assert any(word.startswith("best test file: nnn") for word in words)
    assert any(word.startswith("worst test file: e.wav") for word in words)


def test_a_tone_is_in_its_band_and_long_clips_have_no_more_frames() -> None:
    rate, hertz = 16000, 1000.0
    for seconds in (0.01, 2.0, 60.0):
        time = np.arange(round(seconds * rate)) / rate
        shown = log_mel(np.sin(2 * np.pi * hertz * time).astype(np.float32), rate)
        assert shown.seconds == pytest.approx(seconds)
        assert shown.power.shape[0] == BANDS
        assert shown.power.shape[1] <= FRAMES + 10
        loudest = shown.power.mean(axis=1).argmax()
        centres = np.linspace(*shown.edges, BANDS + 2)[1:-1]
        places, names = frequency_ticks(shown.edges)
        assert abs(centres[loudest] - places[names.index("1k")]) < 1.0  # mel
    silent = log_mel(np.zeros(16000, np.float32), rate)
    assert silent.power.min() >= -RANGE


def test_audio_comes_from_the_tasks_folder(tmp_path: Path) -> None:
    folder = write_event_task(tmp_path)
    clip = sorted((folder / "16000" / "test").iterdir())[0].name
    file = FileEvents("test", clip, 1.0, "", events((0, 0, 5, 9)), events())
    for tasks_dir in (tmp_path, folder):
        shown = clip_spectrogram(tasks_dir, folder.name, file, 16000)
        assert shown is not None
        figure = timeline_figure("t", ONSET, [(file, shown)], ("x",), LOOK)
        above, below = panels(figure)
        power: NDArray[np.float32] = above.images[0].get_array()
        assert power.shape == shown.power.shape
        assert below.get_xlim() == (0, shown.seconds) == above.get_xlim()
    assert clip_spectrogram(None, folder.name, file, 16000) is None
    assert clip_spectrogram(tmp_path, "another-task", file, 16000) is None
    with pytest.raises(FileNotFoundError, match=r"gone\.wav"):
        clip_spectrogram(tmp_path, folder.name, file._replace(clip="gone.wav"), 16000)
