"""Shallow heads on frozen embeddings: HEAR's grid search, training, folds and test scores."""

from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.result import FoldResult, TaskResult

__all__ = ["FoldResult", "TaskResult", "evaluate_task"]
