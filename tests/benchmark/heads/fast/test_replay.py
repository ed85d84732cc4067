"""Work that is recorded and replayed against plain work, and what is done where none can be."""

import pytest
import torch

from benchmark.heads.fast.replay import GraphRecorder, Replayed, own_stream, recorder_for, wait_for
from benchmark.heads.fast.stack import HeadStack
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head
from tests.benchmark.heads.fast.recorded import OperationCapture, RecordedOperations

POINT = GridPoint(1, 8, 0.2, 1e-2, 3, 5, 1, 16, "xavier_normal_")
CPU = torch.device("cpu")


def some_stack() -> HeadStack:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    return HeadStack([Head(4, 3, POINT)], [0.1], 0.2, torch.float32, generator, torch.zeros(4))


def steps_of(stack, record):
    torch.manual_seed(2)
    batch, targets = torch.randn(4, 16), torch.arange(16) % 3
    return Replayed(lambda: stack.step(batch, targets, "multiclass"), record, stack.changing)


def after_plain_steps(count):
    stack = some_stack()
    work = steps_of(stack, None)
    for _ in range(count):
        work()
    return stack.tensors


def assert_equal(found, wanted):
    for name, tensor in wanted.items():
        assert torch.equal(tensor, found[name]), name


def test_work_is_done_once_per_call_whether_recorded_or_not():
    capture = OperationCapture()
    stack = some_stack()
    work = steps_of(stack, GraphRecorder(stack, capture))
    for call in range(1, 6):
        work()
        assert_equal(stack.tensors, after_plain_steps(call))
    assert (capture.captured, capture.replayed) == (1, 4)  # the first replay is the check


def test_the_stand_in_repeats_operations_and_not_pythons_decisions():
    """What a graph would get wrong must be wrong in the stand-in, too."""
    state = {"new": torch.zeros(())}
    moved = torch.zeros(())

    def work() -> None:
        state["new"] = state["new"] + 1  # in a new place each time
        moved.copy_(state["new"])

    again = OperationCapture()(work, None)
    for _ in range(4):
        again()
    assert moved == 1
    with RecordedOperations(), pytest.raises(AssertionError, match="cannot be recorded"):
        float(moved)


@pytest.mark.parametrize("fault", ["raises", "stands still", "other masks", "the same masks"])
def test_where_a_recording_is_of_no_use_the_work_is_done_as_it_stands(fault):
    stack = some_stack()

    def capture(work, generator):
        if fault == "raises":
            work()
            generator.manual_seed(99)  # a recording may leave it in any state
            raise RuntimeError("operation not permitted\nwhen stream is capturing")
        if fault == "stands still":
            return lambda: None

        def again():
            state = generator.get_state()
            if fault == "other masks":
                generator.manual_seed(99)
            work()
            if fault == "the same masks":  # at every replay, for no draw moves the generator on
                generator.set_state(state)

        return again

    recorder = GraphRecorder(stack, capture)
    first, second = steps_of(stack, recorder), steps_of(stack, recorder)
    first()
    says = "not permitted when" if fault == "raises" else "did not give what the plain"
    with pytest.warns(RuntimeWarning, match=f"without CUDA graphs.*{says}"):
        first()
    first()
    second()
    second()  # no second warning: here it would be an error
    assert_equal(stack.tensors, after_plain_steps(5))


def test_a_cpu_has_no_graphs_and_no_streams():
    assert recorder_for(some_stack()) is None
    with own_stream(CPU):
        wait_for(CPU)
