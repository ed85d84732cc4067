"""Retries, with a Ray made of a few lines: what it loses is up to the test."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from benchmark.runner.parallel.tasks import Outcome, Place
from benchmark.runner.ray import work
from benchmark.runner.ray.cluster import Demand
from benchmark.runner.ray.work import Work


class RayError(Exception):
    pass


class RayTaskError(RayError):
    pass


class TaskCancelledError(RayError):
    pass


class NodeDiedError(RayError):
    pass


class FakeRay:
    """Raises what it is given, one after the other, and then calls the function."""

    exceptions = SimpleNamespace(
        RayError=RayError, RayTaskError=RayTaskError, TaskCancelledError=TaskCancelledError
    )

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.options: list[dict[str, Any]] = []

    def remote(self, function: Callable[..., Outcome]) -> Any:
        async def call(*arguments: Any) -> Outcome:
            if self.errors:
                raise self.errors.pop(0)
            return function(*arguments)

        def options(**given: Any) -> Any:
            self.options.append(given)
            return SimpleNamespace(remote=call)

        return SimpleNamespace(options=options)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "RETRY_SECONDS", 0.0)


def _do(
    ray: FakeRay, function: Callable[..., object], *arguments: object
) -> tuple[Outcome, list[str]]:
    said: list[str] = []
    counted: list[tuple[int, int]] = []
    place = Place(Path.cwd(), Path.cwd(), torch.get_num_threads())

    async def done() -> Outcome:
        handed = Work(ray, place, Demand(2, 0.5), said.append, lambda *c: counted.append(c))  # type: ignore[arg-type]
        return await handed.do("a task", function, *arguments)

    outcome = asyncio.run(done())
    assert counted == [(0, 1), (1, 1)]
    return outcome, said


def test_what_is_lost_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", "kept")
    ray = FakeRay(NodeDiedError("..."), RayError("first line\nOwner gone"))
    outcome, said = _do(ray, lambda number: number + 1, 41)
    assert (outcome.value, outcome.reason) == (42, None)
    assert said == [
        "a task: its node died; it is done again",
        "a task: Owner gone; it is done again",
    ]
    assert ray.options == [
        {"name": "a task", "num_cpus": 2, "num_gpus": 0.5, "max_retries": 0},
    ]


def test_a_task_that_always_loses_its_worker_fails() -> None:
    ray = FakeRay(*[NodeDiedError("...")] * 9)
    outcome, said = _do(ray, print)
    assert outcome.reason == "a task was tried 4 times; the last time, its node died"
    assert len(said) == 3
    assert len(ray.errors) == 5


def test_what_a_function_raises_is_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", "kept")

    def fail() -> None:
        raise KeyError("no\nsuch thing")

    outcome, said = _do(FakeRay(), fail)
    assert outcome.reason == "KeyError: 'no\\nsuch thing'"
    assert "in fail" in outcome.details
    assert said == []


def test_what_ray_cannot_call_is_not_tried_again() -> None:
    outcome, said = _do(FakeRay(RayTaskError("Traceback\nNo module named 'benchmark'")), print)
    assert outcome.reason == "Ray cannot do a task: No module named 'benchmark'"
    assert said == []
