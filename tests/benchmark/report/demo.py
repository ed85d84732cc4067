"""A leaderboard as people have them: 5 models, 4 tasks, one failed cell, published rows."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np

from benchmark.protocol import Protocol
from benchmark.report.overall import overall_of_tasks
from benchmark.report.published import published_for, published_scores
from benchmark.report.standings import Leaderboard, Standing
from benchmark.results.cells import Cell, Cost, FoldScores, ModuleFacts, TaskFacts
from benchmark.results.leaderboard import ResultTable
from benchmark.statistics import (
    FoldScore,
    Replicates,
    bootstrap_task,
    compare_models,
    overall_scores,
    rank_ranges,
    resamples_for,
)
from benchmark.statistics.fold_score import ratio_of_sums

PROTOCOL = Protocol("default", 42, "exact")
REASON = "clip rain/0042.wav: the module gave NaN embeddings, so that no head can be trained on it"
PUBLISHED = ("CP-JKU PaSST base", "CVSSP PANNS", "OpenL3", "CREPE", "Descript/MARL Wav2CLIP")

BASE = "benchmark.baselines"
MODULES = [
    ModuleFacts(
        *("multi", "msssl_hear", "", None, "a1" * 32, "m", 16000, 4_512_345, 1024, 512),
        licence="Apache-2.0",
    ),
    ModuleFacts(
        *("cola", f"{BASE}.cola", "", None, "b2" * 32, "m", 16000, 4_512_345, 512, 512),
        licence="CC-BY-NC-4.0",
    ),
    ModuleFacts(
        "panns-cnn6 (ours, same data, not official)",
        f"{BASE}.panns",
        "",
        "panns-cnn6 (ours, same data, not official): not the authors' network",
        "c3" * 32,
        "m",
        32000,
        4_600_000,
        512,
        512,
    ),
    ModuleFacts("logmel", f"{BASE}.logmel", "", None, "d4" * 32, "m", 16000, 0, 256, 64),
    ModuleFacts("random", f"{BASE}.random", "", None, "e5" * 32, "m", 16000, 4_512_345, 512, 512),
]
TASKS = [
    TaskFacts("esc50-v2.0.0-full", "scene", "top1_acc", None, 5),
    TaskFacts("spoken_digit-1.0.9-speakers", "scene", "top1_acc", "made from FSDD, 6 speakers", 6),
    TaskFacts("dcase2016_task2-hear2021-full", "event", "event_onset_200ms_fms"),
    TaskFacts("nsynth_pitch-v2.2.3-5h", "pitch", "pitch_acc"),
]
CLIPS = (400, 250, 40, 450)  # per fold
SHARES = (  # of clips that are right
    (0.72, 0.58, 0.74, 0.58),
    (0.69, 0.57, 0.70, 0.60),
    (0.73, 0.22, 0.55, 0.09),
    (0.42, 0.52, 0.41, 0.60),
    (0.32, 0.40, None, 0.41),
)
SPEEDS = (62.0, 92.0, 29.0, 1328.0, 140.0)


def _folds(rng: np.random.Generator, share: float, folds: int, clips: int) -> list[FoldScore]:
    return [
        FoldScore(
            tuple(f"{fold}-{clip}.wav" for clip in range(clips)),
            ratio_of_sums((rng.random(clips) < share).astype(float), np.ones(clips)),
        )
        for fold in range(folds)
    ]


def _cell(row: int, task: TaskFacts, folds: list[FoldScore] | None) -> Cell:
    cost = Cost(512, 2000, 10_000.0, 99.0, 10_000.0 / SPEEDS[row], False, 61.0, 700_000_000 + row)
    return Cell(
        module=MODULES[row],
        task=task,
        protocol=PROTOCOL,
        task_hash="t",
        reason=None if folds else REASON,
        folds=[
            FoldScores(f"fold{i:02d}", {task.score: fold.value}, fold.value, 3)
            for i, fold in enumerate(folds or [])
        ],
        cost=cost if folds else None,
        versions="python 3.11.2; torch 2.13.0; numpy 2.4.0",
        machine="x86_64 Linux, 2 cores, AMD EPYC",
        date="2026-11-23T08:00:00+00:00",
    )


@cache
def demo_standings() -> Leaderboard:
    """Right clips are drawn; intervals, tests and overall scores are worked out from them."""
    rng = np.random.default_rng(7)
    cells, resampled = [], {}
    for column, task in enumerate(TASKS):
        folds = {
            MODULES[row].label: _folds(rng, shares[column], task.folds, CLIPS[column])
            for row, shares in enumerate(SHARES)
            if shares[column] is not None
        }
        cells += [_cell(row, task, folds.get(module.label)) for row, module in enumerate(MODULES)]
        resampled[task.task] = bootstrap_task(task.task, folds, resamples=resamples_for(5))
    return _standings(ResultTable.of(cells), resampled)


def _standings(board: ResultTable, resampled: dict[str, Replicates]) -> Leaderboard:
    comparisons = {task: compare_models(found) for task, found in resampled.items()}
    ranks = {task: rank_ranges(tests) for task, tests in comparisons.items()}
    published = {
        task.task: [
            row
            for row in published_for(task.task, task.score, board.protocol)
            if row.model in PUBLISHED
        ]
        for task in board.tasks
    }
    return Leaderboard(
        title="Leaderboard: demo",
        board=board,
        standings={
            (label, task): Standing(
                entry,
                None if entry.reason else resampled[task].interval(label),
                None if entry.reason else ranks[task][label],
            )
            for (label, task), entry in board.entries.items()
        },
        comparisons=comparisons,
        overall=overall_scores(list(resampled.values())),
        published=published,
        cautions=["spoken_digit-1.0.9-speakers: its folds are speakers; see `results/README.md`."],
        commands=["msbench run --baselines cola,panns --grid default --mode exact --out demo"],
    )


def part_of_demo(models: int, tasks: int) -> Leaderboard:
    """The first models and tasks of the demo, without overall scores and published rows."""
    demo = demo_standings()
    kept = {task.task for task in demo.board.tasks[:tasks]}
    board = replace(demo.board, modules=demo.board.modules[:models], tasks=demo.board.tasks[:tasks])
    tests = {task: found for task, found in demo.comparisons.items() if task in kept}
    return replace(
        demo, board=board, overall=[], published={}, comparisons=tests if models > 1 else {}
    )


def renamed_demo(names: Sequence[str]) -> Leaderboard:
    """The demo, its models under other names; without what compares them."""
    demo = demo_standings()
    new = dict(zip((module.label for module in demo.board.modules), names, strict=True))
    modules = [replace(module, label=new[module.label]) for module in demo.board.modules]
    entries = {(new[label], task): entry for (label, task), entry in demo.board.entries.items()}
    return replace(
        demo,
        board=replace(demo.board, modules=modules, entries=entries),
        standings={(new[row], task): found for (row, task), found in demo.standings.items()},
        comparisons={},
        overall=[row._replace(model=new[row.model]) for row in demo.overall],
    )


def failed_demo(reason: str = REASON) -> Leaderboard:
    """The demo with all its cells failed."""
    demo = demo_standings()
    entries = {
        key: replace(
            entry, cells=tuple(replace(cell, reason=reason, cost=None) for cell in entry.cells)
        )
        for key, entry in demo.board.entries.items()
    }
    return replace(
        demo,
        board=replace(demo.board, entries=entries),
        standings={key: Standing(entry, None, None) for key, entry in entries.items()},
        comparisons={},
        overall=[],
        published={},
    )


def empty_standings() -> Leaderboard:
    """No rows, no columns."""
    board = ResultTable([], [], {}, PROTOCOL, [42], "float32")
    return Leaderboard("Leaderboard: nothing", board, {}, {}, [], {}, [], [])


def wide_standings(rows: int = 40, tasks: int = 19) -> Leaderboard:
    """Many models on HEAR's tasks under their names, so that all published rows join.

    Scores are drawn: a model has a skill, a task a level. With few resamples, to be made quickly.
    """
    rng = np.random.default_rng(5)
    names = list(dict.fromkeys((row.task, row.score) for row in published_scores()))[:tasks]
    columns = [TaskFacts(name, _family(score), score) for name, score in names]
    modules = [
        ModuleFacts(
            f"encoder_{row:02d}",
            "pkg.encoder",
            str(row),
            None,
            "w",
            "m",
            16000,
            int(10 ** rng.uniform(5, 8)),
            512,
            512,
        )
        for row in range(rows - 2)
    ]
    modules += [MODULES[3], MODULES[4]]
    skill = rng.normal(0, 0.08, rows)
    cells, resampled = [], {}
    for task in columns:
        level = rng.uniform(0.45, 0.75)
        right = rng.random(250)
        folds = {}
        for row, module in enumerate(modules):
            share = np.clip(level + skill[row] + rng.normal(0, 0.03), 0.05, 0.98)
            hits = (0.6 * right + 0.4 * rng.random(250) < share).astype(float)
            clips = tuple(f"{clip}.wav" for clip in range(250))
            folds[module.label] = [FoldScore(clips, ratio_of_sums(hits, np.ones(250)))]
            cell = _cell(row % 5, task, folds[module.label])
            cells.append(replace(cell, module=module))
        resampled[task.task] = bootstrap_task(task.task, folds, resamples=100)
    board = ResultTable.of(cells)
    published = {task.task: published_for(task.task, task.score, PROTOCOL) for task in columns}
    overall = overall_of_tasks(board, resampled, published)
    place = {row.model: number for number, row in enumerate(overall)}
    board = replace(board, modules=sorted(board.modules, key=lambda m: place[m.label]))
    found = replace(_standings(board, resampled), overall=overall, published=published)
    return replace(found, title="Audio embeddings on 19 HEAR tasks: 40 models", cautions=[])


def _family(score: str) -> Literal["scene", "event", "pitch"]:
    if score.startswith("pitch"):
        return "pitch"
    return "event" if score.startswith("event") else "scene"
