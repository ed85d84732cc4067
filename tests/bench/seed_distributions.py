"""Do our modes score as hear-eval-kit does? Distributions over seeds, and a test of equivalence.

    python -m tests.bench.seed_distributions DIR... --grid default --seeds 42-46 \\
        --upstream RUNS --keep values.json --csv results/parity/seed_scores.csv

DIR are embedding folders in hear-eval-kit's format. Every mode trains and scores their heads once
per seed. RUNS holds upstream's results, RUNS/{grid}/{seed}/{task}/test.predicted-scores.json, for
any seeds; give both sides the same OMP_NUM_THREADS, for matrix products round by it.
tests/parity/run_heareval.py runs upstream, with --seed.

Every value goes into the file of --csv: the first test score (mean over folds) of a task, grid,
side and seed. Printed in Markdown, per task and side: their mean, standard deviation (ddof 1),
smallest and largest. Then, for each mode against upstream, and for
fast against exact: two one-sided Welch t-tests (TOST) of the hypothesis that the means differ by at
least one standard deviation of the reference's seeds. p < 0.05 rejects it: the two are equivalent.
The test also fails where seeds are too few, so the largest difference is printed that these numbers
of seeds could have shown to be within the margin: with 5 seeds a side and equal spreads there is
none, from 7 on there is. Where exact mode equals upstream seed by seed, as the last column of its
line says, exact mode with more seeds stands for upstream.
"""

import argparse
import csv
import io
import json
import math
from pathlib import Path

import numpy as np
from scipy import stats

from benchmark.heads import evaluate_task
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from benchmark.speed.upstream import SCORES, test_score
from msssl_common.files import write_text

ALPHA = 0.05

COLUMNS = ("task", "grid", "side", "seed", "test_score")

Values = dict[int, float]  # score by seed


def main() -> None:
    arguments = parse()
    seeds = seeds_of(arguments.seeds)
    kept = json.loads(arguments.keep.read_text()) if arguments.keep.is_file() else {}
    blocks = []
    for folder in arguments.folders:
        task = folder.resolve().name
        sides = {}
        if arguments.upstream:
            sides["upstream"] = upstream_values(arguments.upstream / arguments.grid, task)
        for mode in arguments.modes.split(","):
            sides[mode] = our_values(folder, arguments, mode, seeds, kept)
        if arguments.csv:
            keep_rows(arguments.csv, task, arguments.grid, sides)
        blocks.append(block(f"{task}, grid {arguments.grid}", sides))
        print(blocks[-1], flush=True)
    if arguments.out:
        write_text(arguments.out, "\n".join(blocks))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--grid", default="default", choices=["default", "fast", "faster"])
    parser.add_argument("--grid-points", type=int, default=8)
    parser.add_argument("--seeds", default="42-46", help="e.g. 42-46 or 1,2,5")
    parser.add_argument("--modes", default="exact,fast")
    parser.add_argument(
        "--upstream", type=Path, metavar="RUNS", help="folder of upstream's results"
    )
    parser.add_argument(
        "--keep",
        type=Path,
        default=Path("seed_values.json"),
        metavar="FILE",
        help="values found so far; a stopped study goes on from them (delete it to start anew)",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="put every value into this file")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the Markdown here")
    return parser.parse_args()


def seeds_of(text: str) -> list[int]:
    """``"42-44,50"`` is 42, 43, 44 and 50."""
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def upstream_values(runs: Path, task: str) -> Values:
    files = sorted(runs.glob(f"*/{task}/{SCORES}"))
    if not files:
        raise SystemExit(f"{runs} has no */{task}/{SCORES}: see --help for the layout.")
    return {int(file.parts[-3]): test_score(json.loads(file.read_text())) for file in files}


def our_values(folder: Path, arguments: argparse.Namespace, mode, seeds: list[int], kept) -> Values:
    """Scores by seed; each is kept as soon as it is known."""
    values: Values = {}
    loaded = None
    for seed in seeds:
        protocol = Protocol(arguments.grid, seed, mode, grid_points=arguments.grid_points)
        key = f"{folder.resolve().name} {protocol.name} version {protocol.version}"
        if key not in kept:
            loaded = loaded or read_heareval_folder(folder)
            result = evaluate_task(*loaded, protocol)
            kept[key] = result.scores[result.score_name]
            write_text(arguments.keep, json.dumps(kept, indent=1))
        values[seed] = kept[key]
    return values


def keep_rows(path: Path, task: str, grid: str, sides: dict[str, Values]) -> None:
    """Put values into a CSV file; its other rows, of other tasks, sides or seeds, stay."""
    rows = {}
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            rows = {tuple(row[:-1]): row[-1] for row in list(csv.reader(file))[1:]}
    for side, values in sides.items():
        rows |= {(task, grid, side, str(seed)): f"{value:.6f}" for seed, value in values.items()}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([*key, value] for key, value in rows.items())
    write_text(path, text.getvalue())


def block(title: str, sides: dict[str, Values]) -> str:
    """The table of distributions and the one of equivalence."""
    lines = [f"### {title}", ""]
    lines += ["| side | seeds | mean | std | min | max | furthest from upstream |"]
    lines += ["|---|---:|---:|---:|---:|---:|---:|"]
    for name, values in sides.items():
        scores = list(values.values())
        numbers = (np.mean(scores), spread(scores), min(scores), max(scores))
        lines.append(
            f"| {name} | {len(values)} | {' | '.join(f'{n:.4f}' for n in numbers)} "
            f"| {seed_by_seed(values, sides.get('upstream', {}))} |"
        )
    pairs = [(n, "upstream") for n in sides if n != "upstream" and "upstream" in sides]
    if {"exact", "fast"} <= set(sides):
        pairs.append(("fast", "exact"))
    pairs = [p for p in pairs if all(len(sides[name]) > 1 for name in p)]
    if pairs:
        lines += [
            "",
            "| against | difference of means | margin | p (TOST) | equivalent | could show |",
        ]
        lines += ["|---|---:|---:|---:|---|---:|"]
    for name, reference in pairs:
        ours, theirs = list(sides[name].values()), list(sides[reference].values())
        difference, margin, p, limit = equivalence(ours, theirs)
        could = f"up to {limit:.4f}" if limit > 0 else "nothing: too few seeds"
        lines.append(
            f"| {name} against {reference} | {difference:+.4f} | {margin:.4f} | {p:.4f} "
            f"| {'yes' if p < ALPHA else 'not shown'} | {could} |"
        )
    return "\n".join([*lines, ""])


def spread(scores: list[float]) -> float:
    return float(np.std(scores, ddof=1)) if len(scores) > 1 else math.nan


def seed_by_seed(values: Values, upstream: Values) -> str:
    """Largest difference from upstream at the same seed."""
    shared = values.keys() & upstream.keys()
    if not shared or values is upstream:
        return ""
    return f"{max(abs(values[seed] - upstream[seed]) for seed in shared):.1e} ({len(shared)} seeds)"


def equivalence(ours: list[float], theirs: list[float]) -> tuple[float, float, float, float]:
    """Two one-sided Welch t-tests with a margin of one standard deviation of ``theirs``.

    Returns:
        Difference of means, margin, p, and the largest difference that could have been shown to lie
        within the margin at these spreads and numbers of seeds.
    """
    difference, margin = float(np.mean(ours) - np.mean(theirs)), spread(theirs)
    parts = [np.var(values, ddof=1) / len(values) for values in (ours, theirs)]
    error = math.sqrt(sum(parts))
    if error == 0:  # every value of a side is the same
        return difference, margin, float(difference != 0), 0.0
    degrees = sum(parts) ** 2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (ours, theirs), strict=True)
    )
    t = stats.t(degrees)
    p = max(t.sf((difference + margin) / error), t.cdf((difference - margin) / error))
    return difference, margin, float(p), margin - float(t.ppf(1 - ALPHA)) * error


if __name__ == "__main__":
    main()
