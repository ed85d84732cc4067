"""Our event scores and sed_eval's on the same random lists, counted.

    python -m tests.benchmark.scores.agreement [LISTS]

prints a Markdown table: for each kind of list (see `event_lists`) and score how many values were
compared, and the largest difference.
"""

import math
import sys

import numpy as np

from benchmark.events import event_table
from benchmark.scores import EVENT_SCORES
from benchmark.speed.sed_eval_scores import PARAMETERS, sed_eval_score
from tests.benchmark.scores.event_lists import KINDS


def differences(name, reference, predicted, labels):
    """|ours - sed_eval's| of every value of a score; 0 where both are NaN.

    An error rate without seconds of reference events is NaN here, and 0 or beyond 1e15 in sed_eval.
    """
    clips = list(predicted)
    tables = [event_table(events, clips, labels) for events in (reference, predicted)]
    theirs = sed_eval_score(name, reference, predicted, labels)
    found = []
    for key, value in EVENT_SCORES[name](*tables).items():
        both_nan = math.isnan(value) and math.isnan(theirs[key])
        undefined = name == "segment_1s_er" and math.isnan(value)
        if undefined:
            assert theirs[key] == 0 or theirs[key] > 1e15
        found.append(0.0 if both_nan or undefined else abs(value - theirs[key]))
    return found


def main(lists: int) -> None:
    print("| lists | score | lists scored | values compared | largest difference |")
    print("|---|---|---:|---:|---:|")
    total, worst = 0, 0.0
    for kind in KINDS:
        for name in PARAMETERS:
            found = []
            for seed in range(lists):
                found += differences(name, *kind(np.random.default_rng([seed, *b"agreement"])))
            total, worst = total + len(found), max(worst, *found)
            print(
                f"| {kind.__name__.replace('_', ' ')} | {name} | {lists} | {len(found)} "
                f"| {max(found):.1e} |"
            )
    print(f"| all | all | {lists * len(KINDS)} | {total} | {worst:.1e} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
