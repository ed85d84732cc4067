from pathlib import Path

import numpy as np
import pytest

from benchmark.events.table import EventTable
from benchmark.results.predictions import EventPredictions, Predictions, ScenePredictions
from benchmark.scores.event_onset import event_onset_200ms_fms
from tests.bench.suite_difficulty import PAGE, chance, difficulty, fill


def table(rows: list[tuple[int, int, float]]) -> EventTable:
    clip, label, onset = (np.array(column) for column in zip(*rows, strict=True))
    return EventTable(clip, label, onset.astype(float), onset + 100.0)


def test_chance_of_labels_is_the_commonest_class() -> None:
    targets = np.eye(3, dtype=np.float32)[[0, 1, 1, 2]]
    fold = ScenePredictions("test", ("a", "b", "c", "d"), targets, targets)
    assert chance(Predictions(("x", "y", "z"), (fold,)), 1.0) == 0.5


def test_chance_of_events_is_the_score_of_the_blind_answer() -> None:
    reference = table([(0, 0, 0.0), (0, 0, 1990.0), (1, 0, 733.0), (1, 1, 500.0)])
    blind = table([(clip, 0, 200.0 + 400.0 * step) for clip in (0, 1) for step in range(5)])
    fold = EventPredictions("test", ("a", "b"), blind, reference)
    expected = event_onset_200ms_fms(reference, blind)["f_measure"]
    assert chance(Predictions(("x", "y"), (fold,)), 2.0) == pytest.approx(expected)
    assert expected == pytest.approx(6 / 14)  # answering class 1 as well would give 8 / 24


def test_the_page_has_one_place_for_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    filled = fill(page, "| new |\n")
    assert "<!-- difficulty -->\n| new |\n<!-- /difficulty -->" in filled
    assert fill(filled, "| new |\n") == filled
    with pytest.raises(ValueError, match="0 places"):
        fill("nothing", "")


def test_results_without_the_suite_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        difficulty(tmp_path)
