"""From a cell's predictions to fold scores."""

import numpy as np
import pytest

from benchmark.events.table import event_table
from benchmark.results.predictions import EventPredictions, Predictions, ScenePredictions
from benchmark.scores import event_score, scene_score
from benchmark.scores.accuracy import midi_chroma_acc
from benchmark.statistics import bootstrap_task, cell_fold_scores
from tests.benchmark.scores.event_lists import LABELS, jittered, random_events


def pitch_cell(seed, midi=(36, 38, 40, 48, 50, 60)):
    rng = np.random.default_rng(seed)
    folds = []
    for name in ("fold00", "fold01"):
        targets = np.eye(len(midi), dtype=np.float32)[rng.integers(0, len(midi), 40)]
        probabilities = rng.random(targets.shape).astype(np.float32) + targets / 2
        clips = tuple(f"{name}-{clip}.wav" for clip in range(40))
        folds.append(ScenePredictions(name, clips, probabilities, targets))
    return Predictions(tuple(map(str, midi)), tuple(folds))


@pytest.mark.parametrize("score", ["pitch_acc", "chroma_acc", "mAP"])
def test_every_fold_has_its_score(score):
    cell = pitch_cell(0)
    for fold, found in zip(cell.folds, cell_fold_scores(cell, score, "published"), strict=True):
        expected = scene_score(score)(fold.probabilities, fold.targets)
        assert found.value == pytest.approx(expected)
        assert found.clips == fold.clips


def test_strict_rules_count_octaves_in_midi_numbers():
    cell = pitch_cell(1)
    midi = np.array([int(label) for label in cell.vocabulary])
    found = [fold.value for fold in cell_fold_scores(cell, "chroma_acc", "strict")]
    expected = [midi_chroma_acc(fold.probabilities, fold.targets, midi) for fold in cell.folds]
    assert found == pytest.approx(expected)
    assert found != [fold.value for fold in cell_fold_scores(cell, "chroma_acc", "published")]
    with pytest.raises(ValueError, match=r"needs MIDI numbers as labels.*'low'"):
        names = Predictions(("low", *cell.vocabulary[1:]), cell.folds)
        cell_fold_scores(names, "chroma_acc", "strict")


def test_events_are_scored_file_by_file():
    rng = np.random.default_rng(2)
    clips = tuple(f"{number}.wav" for number in range(25))
    events = random_events(rng, clips, per_clip=8)
    reference = event_table(events, clips, LABELS)
    predicted = event_table(jittered(rng, events), clips, LABELS)
    cell = Predictions(LABELS, (EventPredictions("test", clips, predicted, reference),))
    for score in ("event_onset_200ms_fms", "segment_1s_er"):
        result = bootstrap_task("t", {"m": cell_fold_scores(cell, score, "published")})
        expected = next(iter(event_score(score)(reference, predicted).values()))
        assert result.estimates[0] == pytest.approx(expected)
        low, high = result.interval("m")
        assert low < expected < high
