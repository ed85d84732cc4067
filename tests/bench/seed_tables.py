"""The tables over seeds in docs/parity.md, from the values in results/parity.

    python -m tests.bench.seed_tables --fill

Without ``--fill`` they are printed. `seed_distributions` measures the values. Every number of the
page's sections over seeds is worked out here, so that page and values cannot drift apart.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from scipy import stats

from tests.bench.filled_page import fill_page
from tests.bench.seed_distributions import ALPHA, equivalence

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "parity.md"
SCORES = ROOT / "results" / "parity" / "seed_scores.csv"
WORK = ROOT / "results" / "parity" / "seed_work.csv"

SCORE_COLUMNS = (
    *("task, grid", "upstream", "exact", "fast", "fast less reference", "margin", "p"),
    *("equivalent", "p (shape)", "inside"),
)


def score_table(scores: pd.DataFrame) -> Iterator[str]:
    """Per task and grid: mean, deviation and number of seeds of each side, and fast mode's tests.

    The reference is exact mode where it was run, else upstream.
    """
    yield f"| {' | '.join(SCORE_COLUMNS)} |"
    yield "|---|" + "--:|" * (len(SCORE_COLUMNS) - 1)
    for (task, grid), found in scores.groupby(["task", "grid"], sort=False):
        sides = {side: rows["test_score"].tolist() for side, rows in found.groupby("side")}
        cells = [spread(sides.get(side)) for side in ("upstream", "exact", "fast")]
        reference = sides.get("exact") or sides["upstream"]
        cells += comparison(sides["fast"], reference)
        yield f"| {task}, {grid} | {' | '.join(cells)} |"


def spread(scores: list[float] | None) -> str:
    if scores is None:
        return "not run"
    values = pd.Series(scores)
    return f"{values.mean():.3f} ± {values.std():.3f} ({len(values)})"


def comparison(fast: list[float], reference: list[float]) -> list[str]:
    """Cells from the difference on."""
    difference, margin, p, limit = equivalence(fast, reference)
    half = margin - limit  # of the interval whose ends are the two one-sided tests' limits
    inside = sum(min(reference) <= value <= max(reference) for value in fast)
    return [
        f"{difference:+.3f} [{difference - half:+.3f}, {difference + half:+.3f}]",
        f"{margin:.3f}",
        "< 0.0001" if p < 0.0001 else f"{p:.3f}",
        "yes" if p < ALPHA else "not shown",
        f"{stats.ks_2samp(fast, reference).pvalue:.2f}",
        f"{inside} of {len(fast)}",
    ]


def seed_by_seed(scores: pd.DataFrame) -> tuple[int, float]:
    """Pairs of exact mode and upstream at one seed, and the largest difference among them."""
    sides = scores.pivot(index=["task", "grid", "seed"], columns="side", values="test_score")
    differences = (sides["exact"] - sides["upstream"]).dropna().abs()
    return len(differences), float(differences.max())


def score_lines(scores: pd.DataFrame) -> list[str]:
    pairs, largest = seed_by_seed(scores)
    sentence = (
        f"Exact mode and upstream were both run on {pairs} pairs of a task and a seed. "
        f"Their largest difference is {largest}."
    )
    return ["", *score_table(scores), "", sentence, ""]


def work_lines(work: pd.DataFrame) -> list[str]:
    """Sums over the seeds; the values are in the file."""
    sums = work.groupby("side", sort=False)["multiply_adds_1e12"].agg(["size", "sum"])
    lines = ["", "| side | seeds | multiplications and additions, 10¹² |", "|---|--:|--:|"]
    lines += [f"| {side} | {row['size']:.0f} | {row['sum']:.2f} |" for side, row in sums.iterrows()]
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fill", action="store_true", help="Write the tables into docs/parity.md.")
    parts = {"seeds": score_lines(pd.read_csv(SCORES)), "work": work_lines(pd.read_csv(WORK))}
    fill = parser.parse_args().fill
    for mark, lines in parts.items():
        if fill:
            fill_page(PAGE, mark, lines)
        else:
            print("\n".join(lines))


if __name__ == "__main__":
    main()
