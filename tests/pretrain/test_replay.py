"""Replayed steps, played on the CPU: the same inputs in the same tensors give the same bits."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from pretrain.data.corpus import Corpus
from pretrain.finite import LATE
from pretrain.optimiser import make_optimiser
from pretrain.recipe import DataArgs, LossArgs, OptimiserArgs, Recipe
from pretrain.replay import WARM_UP, CpuPlayer, Outputs, Program, Replayed, apart
from pretrain.training import Training
from tests.benchmark.heads.fast import recorded
from tests.benchmark.heads.fast.recorded import RecordedOperations

pytestmark = pytest.mark.usefixtures("few_statistics")
CPU = torch.device("cpu")
STEPS = WARM_UP + 4


@pytest.fixture
def recipe(tiny_recipe: Recipe) -> Recipe:
    data = DataArgs(mixture_probability=0.5, background_probability=0.5)
    run = replace(tiny_recipe.run, steps=20)
    return replace(tiny_recipe, data=data, loss=LossArgs(frame_negatives="batch"), run=run)


def steps(training: Training, first: int, last: int) -> list[Tensor]:
    return [torch.stack([*training.do_step(step)]) for step in range(first, last)]


def made(recipe: Recipe, corpus: Corpus, graphs: bool) -> Training:
    training = Training(recipe, corpus, "cpu", graphs=graphs)
    training.fit_statistics()
    return training


@pytest.mark.parametrize("branch", [False, True])
def test_replayed_steps_are_the_plain_ones(
    tiny_corpus: Corpus, recipe: Recipe, branch: bool
) -> None:
    if branch:  # one more tensor in the views, and a fourth view
        loss = LossArgs(pitch_form="contrast", pitch_part="branch", instance_weight=0.5)
        recipe = replace(recipe, encoder=replace(recipe.encoder, pitch_numbers=4), loss=loss)
    plain, replayed = (made(recipe, tiny_corpus, graphs) for graphs in (False, True))
    for first, second in zip(*(steps(t, 0, STEPS) for t in (plain, replayed)), strict=True):
        assert torch.equal(first, second)
    assert not any(part.failed for part in replayed.replayed.values())
    weights = plain.module.state_dict(), replayed.module.state_dict()
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_a_resumed_replay_is_the_same_run(tiny_corpus: Corpus, recipe: Recipe) -> None:
    whole = made(recipe, tiny_corpus, True)
    steps(whole, 0, WARM_UP + 2)
    state = copy.deepcopy(whole.state())
    after = steps(whole, WARM_UP + 2, STEPS + 4)
    resumed = Training(recipe, tiny_corpus, "cpu", graphs=True)
    resumed.restore(copy.deepcopy(state))
    assert all(map(torch.equal, after, steps(resumed, WARM_UP + 2, STEPS + 4)))
    plain = Training(recipe, tiny_corpus, "cpu")
    plain.restore(state)  # also where nothing is replayed
    assert all(map(torch.equal, after, steps(plain, WARM_UP + 2, STEPS + 4)))


def test_a_step_that_is_not_finite_stops_the_run_a_few_steps_later(
    tiny_corpus: Corpus, recipe: Recipe
) -> None:
    training = made(recipe, tiny_corpus, True)
    steps(training, 0, 2)
    with torch.no_grad():
        training.module.clip_head.linear.weight.fill_(float("nan"))
    steps(training, 2, 2 + LATE)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 3"):
        training.settle()


class Forgetful(CpuPlayer):
    """A graph that was recorded wrongly: its replays do not write what they should."""

    def replay(self) -> tuple[Tensor, ...]:
        return tuple(torch.zeros_like(x) for x in super().replay())


class Broken(CpuPlayer):
    def record(self, program: Program, generators: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing")


class Full(CpuPlayer):
    """There is memory for the graph, and none for the call beside it."""

    def warm(self, program: Program) -> Outputs:
        if hasattr(self, "program"):
            program()
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return program()


@pytest.mark.parametrize("player", [None, Forgetful, Broken, Full])
def test_what_is_recorded_wrongly_is_called(
    player: type[CpuPlayer] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    place, generator = torch.zeros(3), torch.Generator()
    draws = {"walk": generator}
    expected, own = torch.zeros(3), torch.Generator()

    def walk(step: Tensor) -> tuple[Tensor]:
        place.add_(step * torch.rand(3, generator=draws["walk"]))
        return (place.clone(),)

    replayed = Replayed(walk, "walk", CPU, draws, written=lambda: [place])
    if player:
        replayed.player = player()
    for call in range(WARM_UP + 4):
        draws["walk"].manual_seed(call)
        (found,) = replayed(torch.tensor(1.0 + call))
        expected += (1.0 + call) * torch.rand(3, generator=own.manual_seed(call))
        assert torch.equal(found, expected)
    said = capsys.readouterr().err
    assert replayed.failed == bool(player)
    assert said.startswith("walk: without CUDA graph, slower but the same (") == bool(player)
    assert draws["walk"] is generator or player in (Broken, Full)
    assert player is None or type(replayed.player) is CpuPlayer  # the graph is let go


def test_shapes_may_not_change() -> None:
    replayed = Replayed(lambda x: (x + 1,), "sum", CPU)
    replayed(torch.zeros(2))
    with pytest.raises(ValueError, match="sum: shape"):
        replayed(torch.zeros(1))


def test_apart_is_relative() -> None:
    assert apart([torch.ones(2)], [torch.ones(2)]) == apart([torch.zeros(2)], [torch.zeros(2)]) == 0
    assert apart([torch.tensor([3.0, 4.4])], [torch.tensor([3.0, 4.0])]) == pytest.approx(0.08)
    assert apart([torch.ones(1)], [torch.zeros(1)]) == float("inf")


class OperationPlayer(CpuPlayer):
    """Replays operations alone, as a graph does: no Python runs, and nothing may ask for a value.

    One question is allowed: a CPU asks whether a batch has short clips, a GPU does not. Views are
    called again: their spectra are turned in place, which the stand-in cannot repeat.
    """

    def __init__(self, part: Replayed) -> None:
        self.written, self.is_views = part.written, part.name == "views"

    def record(self, program: Program, generators: Sequence[torch.Generator]) -> None:
        before = [tensor.clone() for tensor in self.written()]
        self.mode, self.program = RecordedOperations(), program
        with pytest.MonkeyPatch.context() as patch, self.mode:
            patch.setattr(recorded, "FORBIDDEN", FORBIDDEN)
            self.outputs = program()
        asked = [op for op, *_ in self.mode.done if "_local_scalar_dense" in str(op)]
        assert len(asked) <= 1
        for tensor, old in zip(self.written(), before, strict=True):
            tensor.copy_(old)  # a graph does nothing while it is recorded
        for generator in generators:
            generator.manual_seed(generator.initial_seed())

    def replay(self) -> Outputs:
        if self.is_views:
            return self.program()
        self.mode.replay()
        return self.outputs


FORBIDDEN = tuple(name for name in recorded.FORBIDDEN if name != "_local_scalar_dense")


@pytest.mark.parametrize("branch", [False, True])
def test_operations_alone_make_the_same_steps(
    tiny_corpus: Corpus, recipe: Recipe, monkeypatch: pytest.MonkeyPatch, branch: bool
) -> None:
    monkeypatch.setattr(
        "pretrain.training.make_optimiser", lambda m, a, _: make_optimiser(m, a, fused=True)
    )
    # No clip is shorter, so that the answer to the one question is always the same.
    recipe = replace(recipe, run=replace(recipe.run, crop_frames=16))
    if branch:
        encoder = replace(recipe.encoder, pitch_numbers=4)
        loss = LossArgs(pitch_form="contrast", pitch_part="branch", instance_weight=1.0)
        recipe = replace(recipe, encoder=encoder, loss=loss)
    plain, replayed = (made(recipe, tiny_corpus, graphs) for graphs in (False, True))
    for part in replayed.replayed.values():
        part.player = OperationPlayer(part)
    for first, second in zip(*(steps(t, 0, STEPS) for t in (plain, replayed)), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-5, atol=1e-6)
    assert not any(part.failed for part in replayed.replayed.values())


def test_a_fused_step_that_is_replayed_reads_the_rate_of_each_step(
    tiny_corpus: Corpus, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The optimiser of a CUDA device, on the CPU."""
    monkeypatch.setattr(
        "pretrain.training.make_optimiser", lambda m, a, _: make_optimiser(m, a, fused=True)
    )
    plain, replayed = (made(recipe, tiny_corpus, graphs) for graphs in (False, True))
    for first, second in zip(*(steps(t, 0, STEPS) for t in (plain, replayed)), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-5, atol=1e-6)
    assert make_optimiser(plain.module, OptimiserArgs()).param_groups[0]["fused"] is None
