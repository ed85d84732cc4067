"""Two score files, ours and upstream's."""

import math

TIMES = {"time_in_min", "time_in_min_mean", "time_in_min_std"}
# Where the reference runs were made (2 cores, torch 2.13) all numbers agree to 1e-15; another
# processor or thread count may round matrix products differently.
TOLERANCE = 1e-6


def assert_upstreams_file(ours, theirs):
    """The same keys in the same order, ours at the end; equal choices and near numbers."""
    assert [*theirs, "msbench"] == list(ours)
    for key in theirs.keys() - {"embedding_path"}:
        assert_same(ours[key], theirs[key], key)


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
