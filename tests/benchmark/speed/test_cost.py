"""What a process cost, and what is said of one that fails."""

import sys

import pytest

from benchmark.speed.cost import Cost, median_cost, run_measured


def test_a_childs_processor_time_is_counted_and_its_sleep_is_not():
    busy = "import time\nwhile time.process_time() < 0.5: pass\ntime.sleep(0.5)"
    _, cost = run_measured([sys.executable, "-c", busy])
    assert cost.cpu >= 0.5
    assert cost.cpu + 0.4 <= cost.wall


def test_children_wait_asleep():
    said, _ = run_measured(
        [sys.executable, "-c", "import os; print(os.environ['OMP_WAIT_POLICY'])"]
    )
    assert said == "PASSIVE\n"


def test_a_failed_process_is_told_with_its_last_line():
    program = "import sys; print('first', file=sys.stderr); sys.exit('no such grid')"
    with pytest.raises(ValueError, match=r"failed with status 1\. It said: no such grid"):
        run_measured([sys.executable, "-c", program])


def test_medians_are_of_each_clock():
    costs = [Cost(1.0, 9.0), Cost(5.0, 2.0), Cost(3.0, 4.0)]
    assert median_cost(costs) == Cost(3.0, 4.0)
