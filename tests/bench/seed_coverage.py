"""How often intervals over training seeds hold a known truth: docs/training_seeds.md.

    python -m tests.bench.seed_coverage --fill       # minutes; without --fill it prints the table

Two groups of encoders are tested on the same clips, and have the same true score. Encoder i hits
clip j with probability ``sigmoid(b + a_i + c_j + g_j)``: ``a`` is its training seed's, ``c`` makes
clips easy or hard for all, ``g`` for its group. New seeds and new clips are drawn in every run.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, stdtrit

from benchmark.statistics import Interval, percentile_interval
from benchmark.statistics.bootstrap import resample_counts
from benchmark.statistics.training_seeds import SquaredError, squared_error
from tests.bench.filled_page import fill_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training_seeds.md"
RUNS, RESAMPLES = 2000, 1000
BASE = 1.8  # logits, as all below: the true score is an accuracy of 0.76
HARDNESS, OWN = 1.7, 1.0  # standard deviations of c and g
SPREAD = math.hypot(HARDNESS, OWN)
SEEDS, CLIPS = (2, 3, 5, 10), (200, 2000)
SPREADS = ((0.5, 0.5), (1.0, 1.0), (3.0, 3.0), (0.5, 3.0))  # points of accuracy, of each group
METHODS = ("nested bootstrap", "Satterthwaite", "ours")


@dataclass(frozen=True)
class Setting:
    """One row of the table; ``spreads`` are standard deviations over seeds, in points."""

    seeds: int
    clips: int
    spreads: tuple[float, float]


class World:
    """Where encoders and clips are drawn from, both groups with the same true score."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        slope = _mean_over_normal(lambda x: expit(x) * (1 - expit(x)), BASE, SPREAD)
        self.truth = _mean_over_normal(expit, BASE, SPREAD)
        noise = [spread / 100 / slope for spread in setting.spreads]
        self.seeds = [(self._centre(each, slope), each) for each in noise]

    def hits(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Of the encoders of both groups on new clips, shape (2 x seeds, clips)."""
        clips = rng.normal(0, HARDNESS, self.setting.clips)
        groups = [
            rng.normal(centre, noise, (self.setting.seeds, 1)) + rng.normal(clips, OWN)
            for centre, noise in self.seeds
        ]
        chances = expit(np.concatenate(groups))
        return (rng.random(chances.shape) < chances).astype("f4")

    def _centre(self, noise: float, slope: float) -> float:
        """The centre of a group's logits at which its true score is that of all groups."""
        centre = BASE
        for _ in range(20):  # Newton's method
            score = _mean_over_normal(expit, centre, math.hypot(noise, SPREAD))
            centre += (self.truth - score) / slope
        return centre


def _mean_over_normal(function, mean: float, deviation: float) -> float:
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    return float(weights @ function(mean + deviation * points) / weights.sum())


def coverage(setting: Setting, runs: int = RUNS, seed: int = 0) -> dict[str, dict[str, float]]:
    """By method: the share of intervals that hold the truth, of a mean and of a difference, and
    the median width of the latter in points.
    """
    rng = np.random.default_rng(
        [seed, setting.seeds, setting.clips, round(setting.spreads[0] * 10)]
    )
    world = World(setting)
    counts = np.concatenate(list(resample_counts(np.arange(setting.clips), RESAMPLES, rng)))
    found: dict[str, list[tuple[bool, bool, float]]] = {method: [] for method in METHODS}
    for _ in range(runs):
        hits = world.hits(rng)
        values = (hits @ counts.T).astype(np.float64) / setting.clips
        scores = hits.mean(axis=1, dtype=np.float64)
        # The second group is that of the larger spread, which is the harder one.
        means = intervals(scores[None, setting.seeds :], values[None, setting.seeds :], rng)
        pairs = intervals(scores.reshape(2, -1), values.reshape(2, setting.seeds, -1), rng)
        for method in METHODS:
            mean, pair = means[method], pairs[method]
            held = mean.low <= world.truth <= mean.high, pair.low <= 0 <= pair.high
            found[method].append((*held, 100 * (pair.high - pair.low)))
    return {
        method: {
            "mean": float(np.mean([each[0] for each in rows])),
            "difference": float(np.mean([each[1] for each in rows])),
            "width": float(np.median([each[2] for each in rows])),
        }
        for method, rows in found.items()
    }


def intervals(
    scores: NDArray[np.float64], values: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, Interval]:
    """By every method, of one group's mean or of the difference of two.

    Args:
        scores: Shape (groups, seeds).
        values: Of resampled clips, shape (groups, seeds, resamples).
        rng: Draws seeds for the nested bootstrap.
    """
    signs = np.array([1.0, -1.0])[: len(scores)]
    centre = float(signs @ scores.mean(axis=1))
    error = squared_error(list(scores), np.cov(values.reshape(-1, values.shape[2])))
    drawn = rng.integers(0, values.shape[1], values.shape)
    nested = signs @ np.take_along_axis(values, drawn, axis=1).mean(axis=1)
    half, narrow = error.half_width(), satterthwaite(error)
    return {
        "nested bootstrap": percentile_interval(nested),
        "Satterthwaite": Interval(centre - narrow, centre + narrow),
        "ours": Interval(centre - half, centre + half),
    }


def satterthwaite(error: SquaredError) -> float:
    """Half width with one t for seeds and clips together, as Hillis has it."""
    together = error.training + error.clips
    if not error.training:
        return 1.96 * math.sqrt(together)
    df = min(error.df * (together / error.training) ** 2, 1e9)
    return float(stdtrit(df, 0.975)) * math.sqrt(together)


HEAD = (
    *("seeds", "clips", "SD over seeds, points"),
    *(f"{method}: mean" for method in METHODS),
    *(f"{method}: difference" for method in METHODS),
    "ours: half width of a difference, points",
    "ours by Satterthwaite's",
)


def table(runs: int) -> Iterator[str]:
    yield f"| {' | '.join(HEAD)} |"
    yield "|--:|--:|--:|" + "--:|" * (len(HEAD) - 3)
    for spreads in SPREADS:
        for clips in CLIPS:
            for seeds in SEEDS:
                found = coverage(Setting(seeds, clips, spreads), runs)
                shown = " and ".join(f"{each:g}" for each in dict.fromkeys(spreads))
                cells = [str(seeds), f"{clips:,}", shown]
                cells += [
                    f"{found[m][what]:.3f}" for what in ("mean", "difference") for m in METHODS
                ]
                wider = found["ours"]["width"] / found["Satterthwaite"]["width"]
                cells += [f"{found['ours']['width'] / 2:.1f}", f"{wider:.2f}"]
                yield f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fill", action="store_true", help=f"Write the table into {PAGE.name}.")
    parser.add_argument("--runs", type=int, default=RUNS, help="Of each row.")
    options = parser.parse_args()
    lines = []
    for line in table(options.runs):
        lines.append(line)
        print(line, flush=True)
    if options.fill:
        fill_page(PAGE, "coverage", ["", *lines, ""])


if __name__ == "__main__":
    main()
