"""Scores of one task from its embeddings: grid search, folds, test.

This is hear-eval-kit's arithmetic and order of random draws ("exact" mode), faults included where
the published numbers depend on them: for k folds the hyperparameters are picked on fold 0's
validation split, which is the test split of the next fold.

Source: heareval.predictions.task_predictions.task_predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from benchmark.heads.folds import Fold, task_folds
from benchmark.heads.grid import GridPoint, grid_points
from benchmark.heads.monitor import Monitor, monitor_mode, monitored_name, validation_monitor
from benchmark.heads.random_draws import seeded
from benchmark.heads.result import TaskResult
from benchmark.heads.rows import Rows, Split, check_splits, rows_of
from benchmark.heads.score_fold import score_fold
from benchmark.heads.threads import threads_for
from benchmark.heads.train import TrainedHead, is_better, train_head
from benchmark.scores import MINIMISED, event_score, scene_score
from benchmark.tasks.task import Task

GRID_POINTS = 8  # heareval.predictions.runner --grid-points


def evaluate_task(
    task: Task,
    splits: Mapping[str, Split],
    grid: str,
    seed: int = 42,
    on_progress: Callable[[int, int], None] | None = None,
    limit: int = GRID_POINTS,
) -> TaskResult:
    """Train heads on a task's embeddings and score the best one on every test split.

    The caller's random state is left as it was.

    Args:
        task: The task.
        splits: Embeddings and labels of every split of the task, by split name.
        grid: ``"default"``, ``"fast"`` or ``"faster"``.
        seed: For the grid's order, initialisation and dropout; upstream's is 42.
        on_progress: Called after each training with the trainings done and the trainings in all.
        limit: Grid points to try.

    Raises:
        ValueError: The grid, a score or a split of the task is not fit to be used; the sentence
            says which and why.
    """
    check_splits(task, splits)
    for name in task.evaluation:
        (event_score if task.embedding_type == "event" else scene_score)(name)
    points = grid_points(task, grid, seed, limit)
    folds = task_folds(task)
    total = len(points) + len(folds) - 1
    report = on_progress or (lambda done, total: None)

    with seeded(seed):
        training = FoldTraining(task, splits, folds[0])
        best = training.run(points[0])
        report(1, total)
        for done, point in enumerate(points[1:], start=2):
            candidate = training.run(point)
            if is_better(candidate.score, best.score, monitor_mode(task)):
                best = candidate
            report(done, total)
        heads = [best]
        for done, fold in enumerate(folds[1:], start=len(points) + 1):
            heads.append(FoldTraining(task, splits, fold).run(best.point))
            report(done, total)

    return TaskResult(
        folds=[
            score_fold(task, head, splits[fold.test])
            for head, fold in zip(heads, folds, strict=True)
        ],
        score_name=task.evaluation[0],
        score_mode="min" if task.evaluation[0] in MINIMISED else "max",
        monitored=monitored_name(task),
        hyperparameters=asdict(best.point),
        postprocessing=(
            tuple(best.postprocessing._asdict().items()) if best.postprocessing else ()
        ),
    )


class FoldTraining:
    """Trainings on one fold: its rows and what judges them are prepared once.

    Args:
        task: The task.
        splits: All splits by name.
        fold: Which of them train and validate.
    """

    def __init__(self, task: Task, splits: Mapping[str, Split], fold: Fold) -> None:
        valid = splits[fold.valid]
        self.task = task
        self.rows: Rows = rows_of(task, [splits[name] for name in fold.train])
        self.validation = rows_of(task, [valid]).embeddings
        self.monitor: Monitor = validation_monitor(task, valid)

    def run(self, point: GridPoint) -> TrainedHead:
        """Train one grid point."""
        with threads_for(point.batch_size):
            return train_head(
                point,
                self.rows,
                len(self.task.vocabulary),
                self.task.prediction_type,
                self.validation,
                self.monitor,
                monitor_mode(self.task),
            )
