"""Two score files, ours and upstream's."""

import math

from tests.benchmark.heads.near_upstream import assert_near_upstream
from tests.benchmark.heads.upstream_scores import TIMES, TOLERANCE


def assert_upstreams_file(ours, theirs):
    """The same keys in the same order, ours at the end; equal choices and numbers."""
    assert [*theirs, "msbench"] == list(ours)
    for key in theirs.keys() - {"embedding_path"}:
        assert_same(ours[key], theirs[key], key)


def assert_near_upstreams_file(ours, theirs):
    """The same, but numbers (and choices, if they are nearly tied) as far apart as by rounding."""
    assert [*theirs, "msbench"] == list(ours)
    assert form({key: ours[key] for key in theirs}) == form(theirs)
    assert ours["score_mode"] == theirs["score_mode"]
    if assert_near_upstream(ours, theirs):
        assert_same(ours["hparams"], theirs["hparams"], "hparams")


def form(content):
    """Keys in their order and types of values, without the values."""
    if isinstance(content, dict):
        return [(key, form(value)) for key, value in content.items()]
    if isinstance(content, list):
        return [form(value) for value in content]
    return type(content).__name__


def assert_same(ours, theirs, where):
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), where
        for key, value in theirs.items():
            assert_same(ours[key], value, f"{where}.{key}")
    elif where == "hparams.initialization":
        assert ours == f"{theirs.split(' at ')[0]}>"
    elif isinstance(theirs, float) and where.rpartition(".")[2] in TIMES:
        assert ours > 0
    elif isinstance(theirs, float) and not where.startswith("hparams"):
        both_nan = math.isnan(ours) and math.isnan(theirs)
        assert both_nan or ours == theirs or abs(ours - theirs) <= TOLERANCE, where
    else:
        assert ours == theirs, where
        assert type(ours) is type(theirs), where
