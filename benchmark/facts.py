"""What results say of the modules and tasks that they are about."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from benchmark.models.fingerprint import distribution_of, module_hash, weights_hash
from benchmark.models.foreign.module import ForeignModel
from benchmark.models.hear_module import HearModule
from benchmark.results import ModuleFacts, TaskFacts
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task


def module_facts(hear: HearModule, taken: Container[str]) -> ModuleFacts:
    """Facts of a loaded module.

    Args:
        hear: The module.
        taken: Labels of other rows. Two checkpoints may carry the same one, but rows must not run
            together: the second is named with its checkpoint.
    """
    weights = weights_hash(hear.model)
    facts = ModuleFacts(
        label=hear.label,
        module=hear.module_name,
        checkpoint=hear.model_path,
        note=hear.note,
        weights_hash=weights,
        module_hash=module_hash(hear, weights),
        sample_rate=hear.sample_rate,
        parameters=hear.parameter_count,
        scene_embedding_size=hear.scene_embedding_size,
        timestamp_embedding_size=hear.timestamp_embedding_size,
        distribution=_distribution(hear),
    )
    return apart(facts, taken)


def apart(module: ModuleFacts, taken: Container[str]) -> ModuleFacts:
    """A module's facts, under a label that no other row has; see `module_facts`."""
    if module.label not in taken:
        return module
    return replace(module, label=f"{module.label} ({module.spec})")


def _distribution(hear: HearModule) -> str:
    if isinstance(hear.model, ForeignModel):
        return hear.model.facts.distribution
    return distribution_of(hear.module_name)


def task_facts(task: Task | UnreadableTask) -> TaskFacts:
    """Facts of a task; of one that cannot be read, its folder's name."""
    if isinstance(task, UnreadableTask):
        return TaskFacts(task.full_name)
    folds = 1 if task.split_mode == "trainvaltest" else len(task.splits)
    own_grid = ", ".join(task.param_grid)
    return TaskFacts(task.full_name, task.family, task.evaluation[0], task.notice, folds, own_grid)
