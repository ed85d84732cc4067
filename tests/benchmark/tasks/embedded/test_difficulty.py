"""The suite is hard enough to be worth running: log-mel statistics stay far from its ceiling."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmark.baselines import logmel
from benchmark.tasks.audio import read_clip
from benchmark.tasks.embedded.suite import embedded_suite
from benchmark.tasks.labels import read_scene_labels
from benchmark.tasks.task import Task, read_task


@pytest.fixture(scope="module")
def suite_folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return embedded_suite(tmp_path_factory.mktemp("suite"))


def statistics(task: Task, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of log-mel, and the label's index, of each clip."""
    model = logmel.load_model()
    labels = read_scene_labels(task, split)
    clips = torch.from_numpy(np.stack([read_clip(task, split, file, 16000) for file in labels]))
    embeddings = [logmel.get_scene_embeddings(batch, model) for batch in clips.split(64)]
    targets = [task.vocabulary.index(label) for (label,) in labels.values()]
    return torch.cat(embeddings).numpy(), np.array(targets)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["embedded_scene", "embedded_pitch"])
def test_log_mel_statistics_are_neither_blind_nor_enough(
    suite_folders: list[Path], name: str
) -> None:
    (task,) = [task for task in map(read_task, suite_folders) if task.name == name]
    (x, y), (x_test, y_test) = statistics(task, "train"), statistics(task, "test")
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)).fit(x, y)
    accuracy = head.score(x_test, y_test)
    assert 0.25 < accuracy < 0.85
