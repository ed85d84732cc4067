"""Errors in semitones counted by hand, notes, octaves, instruments."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.report.plots.pitch import (
    grouped,
    instrument,
    note_errors,
    note_name,
    pitch_errors_figure,
    unseen_notes,
)
from benchmark.report.plots.style import looks
from benchmark.results.predictions import Predictions, ScenePredictions
from tests.benchmark.report.demo import MODULES
from tests.benchmark.report.plots.drawn import panels, rows, texts

NOTES = ("45", "46", "48", "57")  # with gaps
TRUE, GUESSED = [45, 45, 48, 57, 57], [57, 46, 48, 45, 48]
CLIPS = ("horn_A2_1.wav", "horn_A2_2.wav", "sax_C3.wav", "sax_A3.wav", "sax_A3b.wav")


def _predictions(clips: tuple[str, ...] = CLIPS, labels: tuple[str, ...] = NOTES) -> Predictions:
    place = {int(note): index for index, note in enumerate(NOTES)}
    one_hot = np.eye(len(NOTES), dtype=np.float32)
    return Predictions(
        labels,
        (
            ScenePredictions(
                "test",
                clips,
                one_hot[[place[note] for note in GUESSED]],
                one_hot[[place[note] for note in TRUE]],
            ),
        ),
    )


def test_errors_octaves_and_instruments_are_those_of_the_clips() -> None:
    errors = note_errors([_predictions()])
    assert errors is not None
    assert errors.midi.tolist() == TRUE
    assert errors.semitones.tolist() == [12, 1, 0, -12, -9]
    assert errors.is_octave.tolist() == [True, False, False, True, False]
    assert errors.instruments == ("horn", "horn", "sax", "sax", "sax")
    notes, means, counts = grouped(errors.midi, np.abs(errors.semitones))
    assert notes.tolist() == [45, 48, 57]
    assert means.tolist() == [6.5, 0, 10.5]
    assert counts.tolist() == [2, 1, 2]
    assert 46 in unseen_notes(errors.midi)


def test_labels_that_are_no_notes_have_no_errors() -> None:
    assert note_errors([_predictions(labels=("A2", "A#2", "C3", "A3"))]) is None
    assert note_errors([]) is None


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("french-horn_A2_025_piano_normal.ogg", "french-horn"),
        ("bass_synthetic_033-022-050.wav", "bass"),
        ("clavichord-058-00.wav", "clavichord"),
        ("0_george_0.ogg", ""),
        ("_silence_-1099.ogg", ""),
    ],
)
def test_instruments_come_before_the_first_underscore_or_digit(file: str, name: str) -> None:
    assert instrument(file) == name


def test_note_names_are_scientific() -> None:
    assert [note_name(midi) for midi in (60, 69, 21, 34)] == ["C4", "A4", "A0", "A#1"]


def test_a_row_per_model_and_columns_for_notes_octaves_and_instruments() -> None:
    errors = note_errors([_predictions()])
    assert errors is not None
    labels = [module.label for module in MODULES]
    figure = pitch_errors_figure("notes-v1", dict.fromkeys(labels, errors), looks(MODULES))
    found = panels(figure)
    assert len(found) == 3 * len(labels)
    first, octaves, instruments = found[:3]
    assert [(bar.get_center()[0], bar.get_height()) for bar in first.patches] == [
        (45, 6.5),
        (48, 0),
        (57, 10.5),
    ]
    assert [bar.get_height() for bar in octaves.patches] == [50, 0, 50]
    assert rows(instruments) == ["horn (2)", "sax (3)"]
    assert [bar.get_width() for bar in instruments.patches] == [6.5, 7]
    assert first.get_ylim()[1] > 10.5
    assert any("Grey dots: notes without test clips." in text for text in texts(figure))


def test_file_names_that_tell_nothing_leave_instruments_out() -> None:
    clips = tuple(f"{index}.wav" for index in range(5))
    errors = note_errors([_predictions(clips)])
    assert errors is not None
    figure = pitch_errors_figure("notes-v1", {"multi": errors}, looks(MODULES))
    assert len(panels(figure)) == 2


def test_88_notes_and_more_models_than_colours() -> None:
    midi = np.repeat(np.arange(21, 109), 2)
    rng = np.random.default_rng(1)
    modules = [replace(MODULES[0], label=f"model {index}" * 9) for index in range(9)]
    errors = {
        module.label: note_errors([_predictions()])._replace(
            midi=midi,
            semitones=rng.integers(-30, 30, len(midi)).astype(float),
            instruments=("",) * len(midi),
        )
        for module in modules
    }
    figure = pitch_errors_figure("piano", errors, looks(modules))
    assert [len(panel.patches) for panel in panels(figure)] == [88] * 18
    assert not any("Grey dots" in text for text in texts(figure))
