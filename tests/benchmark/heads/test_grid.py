"""Grid points and their order against upstream's, collected by running it."""

import math

import pytest

from benchmark.heads.grid import GridPoint, grid_points
from tests.benchmark.heads.small_tasks import make_task

UNIFORM, NORMAL = "xavier_uniform_", "xavier_normal_"

# First 8 points of each grid as upstream draws them for seed 42: hidden layers, units,
# initialisation, learning rate, patience, epochs, epochs between validations.
UPSTREAM_ORDER = {
    "default": [
        (1, 1024, NORMAL, 0.0001, 20, 500, 3),
        (2, 1024, UNIFORM, 0.001, 20, 500, 3),
        (1, 1024, NORMAL, 0.001, 20, 500, 3),
        (1, 1024, NORMAL, 0.00032, 20, 500, 3),
        (2, 1024, NORMAL, 0.00032, 20, 500, 3),
        (2, 1024, UNIFORM, 0.00032, 20, 500, 3),
        (2, 1024, NORMAL, 0.0032, 20, 500, 3),
        (2, 1024, UNIFORM, 0.0032, 20, 500, 3),
    ],
    "fast": [
        (2, 1024, UNIFORM, 0.0001, 20, 50, 3),
        (2, 1024, NORMAL, 0.0032, 20, 50, 3),
        (1, 1024, UNIFORM, 0.0001, 20, 50, 3),
        (2, 1024, UNIFORM, 0.0001, 20, 10, 3),
        (1, 1024, NORMAL, 0.00032, 20, 50, 10),
        (1, 1024, UNIFORM, 0.0032, 20, 50, 10),
        (2, 1024, UNIFORM, 0.001, 20, 50, 3),
        (2, 1024, NORMAL, 0.001, 20, 50, 10),
    ],
    "faster": [
        (1, 64, UNIFORM, 0.0001, 3, 10, 1),
        (1, 64, NORMAL, 0.0032, 3, 10, 1),
        (0, 64, UNIFORM, 0.0001, 3, 10, 1),
        (1, 64, UNIFORM, 0.0001, 1, 10, 1),
        (0, 128, NORMAL, 0.00032, 3, 10, 1),
        (0, 128, UNIFORM, 0.0032, 3, 10, 1),
        (1, 64, UNIFORM, 0.001, 3, 10, 1),
        (1, 128, NORMAL, 0.001, 3, 10, 1),
    ],
}


def in_upstreams_terms(point: GridPoint):
    return (
        point.hidden_layers,
        point.hidden_dim,
        point.initialization,
        point.lr,
        point.patience,
        point.max_epochs,
        point.check_val_every_n_epoch,
    )


@pytest.mark.parametrize("grid", UPSTREAM_ORDER)
def test_the_first_points_of_every_grid_come_in_upstreams_order(grid):
    points = grid_points(make_task(), grid, seed=42, limit=8)
    assert [in_upstreams_terms(point) for point in points] == UPSTREAM_ORDER[grid]
    assert {(point.dropout, point.batch_size) for point in points} == {(0.1, 1024)}


@pytest.mark.parametrize(("grid", "count"), [("default", 16), ("fast", 64), ("faster", 64)])
def test_sizes_of_the_grids(grid, count):
    points = grid_points(make_task(), grid, seed=42, limit=1000)
    assert len(points) == len(set(points)) == count


def test_dcase_validates_every_tenth_epoch_and_metadata_has_the_last_word():
    dcase = grid_points(make_task(name="dcase2016_task2"), "default", 42, 8)
    assert {point.check_val_every_n_epoch for point in dcase} == {10}
    own = {"check_val_every_n_epoch": [1], "max_epochs": [50]}
    task = make_task(name="dcase2016_task2", param_grid=own)
    points = grid_points(task, "default", 42, 8)
    assert {(p.check_val_every_n_epoch, p.max_epochs) for p in points} == {(1, 50)}


@pytest.mark.parametrize(
    ("param_grid", "sentence"),
    [
        ({"epochs": [3]}, "unknown key 'epochs'"),
        ({"max_epochs": [2]}, "max_epochs = 2, before its first validation at epoch 3"),
        ({"lr": ["high"]}, "lr 'high', which is no sensible number"),
        ({"batch_size": [0]}, "batch_size 0, which is no sensible number"),
        ({"hidden_layers": [10**9]}, "hidden_layers 1000000000, which is no sensible number"),
        ({"hidden_layers": [True]}, "hidden_layers True, which is no sensible number"),
        ({"hidden_dim": [64.5]}, "hidden_dim 64.5, which is no sensible number: a whole number"),
        ({"lr": [math.nan]}, "lr nan, which is no sensible number"),
        ({"hidden_layers": [16], "hidden_dim": [8192]}, "16 hidden layers of 8192 units"),
        ({"hidden_layers": [1] * 100_000}, "the grid has 800,000 points"),
        ({"dropout": [1.0]}, "dropout 1.0, which leaves no unit"),
        ({"initialization": ["zeros_"]}, "initialization 'zeros_'"),
    ],
)
def test_a_tasks_own_grid_is_checked(param_grid, sentence):
    with pytest.raises(ValueError, match=f"Task animals-v1-full: .*{sentence}"):
        grid_points(make_task(param_grid=param_grid), "default", 42, 8)


def test_an_unknown_grid_and_no_points_are_refused():
    with pytest.raises(ValueError, match="'slow' is unknown: choose one of default, fast, faster"):
        grid_points(make_task(), "slow", 42, 8)
    with pytest.raises(ValueError, match="but 0 were asked for"):
        grid_points(make_task(), "default", 42, 0)
