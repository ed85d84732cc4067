from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from pretrain.data.corpus import Corpus
from pretrain.recipe import DataArgs, Recipe
from pretrain.tools.speed import rounds
from pretrain.tools.speed.rounds import ENCODER, PIPELINE, STEP, Findings, measure, seconds_of
from pretrain.training import Training

pytestmark = pytest.mark.usefixtures("few_statistics")


def test_the_share_is_the_median_of_the_runs_shares() -> None:
    found = Findings({PIPELINE: [1.0, 3.0, 2.0], ENCODER: [10.0, 10.0, 4.0], STEP: [1, 1, 1]})
    assert found.share == pytest.approx(0.3)  # of 0.1, 0.3 and 0.5
    assert found.step_seconds(PIPELINE) == 2.0


def test_a_second_is_a_second_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    times: Iterator[float] = iter([100.0, 106.0])
    monkeypatch.setattr(rounds, "clock", lambda device: next(times))
    calls: list[int] = []
    assert seconds_of(lambda: calls.append(1), 4, torch.device("cpu")) == 1.5
    assert len(calls) == 4


def test_every_side_runs_in_every_round(
    tiny_corpus: Corpus, tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By counting: views are drawn by the pipeline and by whole steps, weights moved by the others.

    The pipeline draws the batches of other steps each time.
    """
    recipe = replace(tiny_recipe, data=DataArgs(background_probability=0.5))
    training = Training(recipe, tiny_corpus, "cpu")
    training.fit_statistics()
    drawn: list[int] = []
    moved: list[int] = []
    views, move = training.make_views, training.optimiser_step
    monkeypatch.setattr(training, "make_views", lambda step: (drawn.append(step), views(step))[1])
    monkeypatch.setattr(
        training, "optimiser_step", lambda *batch: (moved.append(1), move(*batch))[1]
    )
    lines: list[str] = []
    found = measure(training, 2, 3, None, lines.append)
    # One step of each side before, and the fixed spectra; then 2 steps, of the pipeline 10.
    assert len(drawn) == 1 + 2 + 3 * (10 + 2) and len(moved) == 2 + 3 * (2 + 2)
    assert drawn[1:] == list(range(len(drawn) - 1))
    assert [len(found.seconds[side]) for side in (PIPELINE, ENCODER, STEP)] == [3, 3, 3]
    assert all(second > 0 for runs in found.seconds.values() for second in runs)
    assert len(lines) == 3 and lines[2].startswith("run 3 of 3")
