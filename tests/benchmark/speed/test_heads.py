"""Timed runs of heads: what they count, and the table that is made of them."""

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict, replace
from io import StringIO

import pytest
import torch
from click.testing import CliRunner
from torch.utils.flop_counter import FlopCounterMode

from benchmark.cli import main
from benchmark.heads import evaluate_task
from benchmark.heads import exact as train
from benchmark.heads.grid import grid_points
from benchmark.heads.head import Head
from benchmark.heads.rows import rows_of
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from benchmark.speed import head_process, heads
from benchmark.speed.cost import Cost, run_measured
from benchmark.speed.floors import bare_loop, bare_products
from benchmark.speed.head_process import HeadRun, counted_steps
from benchmark.speed.heads import (
    BARE_LOOP,
    NO_BFLOAT16,
    PRODUCTS,
    UPSTREAM,
    Findings,
    Plan,
    Series,
    heads_report,
    run_plan,
    timed_products,
)
from msssl_common.report import markdown
from tests.parity.made_embeddings import MadeTask, write_embeddings

FOLDS = MadeTask(
    {
        "prediction_type": "multiclass",
        "split_mode": "new_split_kfold",
        "evaluation": ["top1_acc"],
        "evaluation_params": {"task_specific_param_grid": {"batch_size": [16]}},
    },
    labels=("a", "b", "c"),
    clips={"fold00": 30, "fold01": 34, "fold02": 36},
)

# Leaves what heareval.predictions.runner leaves, if it gets what that needs and nothing more.
FAKE_UPSTREAM = """
import json, pathlib, sys
if sys.argv[1] == "--help":
    sys.exit()
folder = pathlib.Path(sys.argv[1])
assert sys.argv[2:] == ["--grid", "faster", "--grid-points", "2"], sys.argv
assert (folder / "fold00.embeddings.npy").is_file()
assert not (folder / "prediction-done.json").exists()
scores = {"aggregated_scores": {"test_score_mean": 0.625}}
(folder / "test.predicted-scores.json").write_text(json.dumps(scores))
(folder / "prediction-done.json").write_text(json.dumps({"time": 100.0}))
"""


@pytest.fixture
def folder(tmp_path):
    return write_embeddings("folds-v1-full", FOLDS, tmp_path)


def test_the_steps_of_every_training_are_counted(folder, monkeypatch):
    epochs = []  # of each training, by another way than the optimisers'
    train_head, train_epoch = train.train_head, train.train_epoch

    def counted_head(*arguments):
        epochs.append(0)
        return train_head(*arguments)

    def counted_epoch(*arguments):
        epochs[-1] += 1
        return train_epoch(*arguments)

    monkeypatch.setattr(train, "train_head", counted_head)
    monkeypatch.setattr(train, "train_epoch", counted_epoch)
    protocol = Protocol("faster", mode="exact", grid_points=3)
    run = head_process.timed_heads(folder, protocol, "cpu")
    rows = {0: 36, 1: 30, 2: 34}  # fold i + 2 trains
    assert [t.fold for t in run.trainings] == [0, 0, 0, 1, 2]
    assert [t.steps for t in run.trainings] == [
        count * -(-rows[t.fold] // 16) for count, t in zip(epochs, run.trainings, strict=True)
    ]
    result = evaluate_task(*read_heareval_folder(folder), protocol)
    assert run.score == result.scores["top1_acc"]
    assert run.trainings[3].point.lr == result.hyperparameters["lr"]
    assert HeadRun.from_json(json.dumps(asdict(run))) == run


def test_the_bare_loop_takes_the_same_steps(folder, monkeypatch):
    run = head_process.timed_heads(folder, Protocol("faster", mode="exact", grid_points=2), "cpu")
    steps = []
    monkeypatch.setattr(head_process, "bare_loop", lambda *arguments: steps.append(arguments))
    head_process.timed_steps(folder, run.trainings, "")
    assert [arguments[-1] for arguments in steps] == [t.steps for t in run.trainings]
    assert [len(arguments[0].embeddings) for arguments in steps] == [36, 36, 30, 34]


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_weights_updated_are_those_of_every_step(folder, mode):
    """Of linear heads, whose trainings all last to their ends; either mode trains every weight."""
    task, splits = read_heareval_folder(folder)
    grid = {"hidden_layers": [0], "patience": [10], "max_epochs": [2], "batch_size": [16]}
    task = replace(task, param_grid=grid)
    with counted_steps() as counted:
        evaluate_task(task, splits, Protocol("faster", mode=mode, grid_points=2))
    size = splits["fold00"].embeddings.shape[1]
    batches = [3, 3, 2, 3]  # two grid points on 36 rows, then folds of 30 and 34
    assert counted.updates == sum(batches) * 2 * (size + 1) * 3


def test_bare_products_are_those_of_a_training_step(folder, monkeypatch):
    """As many, and of as many numbers, as autograd makes in a step of a head of two layers."""
    task, splits = read_heareval_folder(folder)
    rows = rows_of(task, [splits["fold00"]])
    point = replace(grid_points(task, "faster", 42, 1)[0], hidden_layers=2, hidden_dim=8)
    head = Head(rows.embeddings.shape[1], 3, point)
    with FlopCounterMode(display=False) as wanted:
        torch.autograd.backward(head(rows.embeddings[:]).sum())
    one_batch = replace(point, batch_size=1024)
    with FlopCounterMode(display=False) as found:
        bare_products(rows, 3, one_batch, 2, torch.float32)
    assert found.get_total_flops() == 2 * wanted.get_total_flops() > 0
    run = head_process.timed_heads(folder, Protocol("faster", mode="exact", grid_points=2), "cpu")
    asked = []
    monkeypatch.setattr(head_process, "bare_products", lambda *arguments: asked.append(arguments))
    head_process.timed_steps(folder, run.trainings, "bfloat16")
    assert [(steps, dtype) for *_, steps, dtype in asked] == [
        (training.steps, torch.bfloat16) for training in run.trainings
    ]


@pytest.mark.parametrize(
    ("native", "sides"), [(torch.bfloat16, list(PRODUCTS)), (torch.float32, list(PRODUCTS)[:1])]
)
def test_products_that_the_processor_lacks_are_not_timed(monkeypatch, native, sides):
    monkeypatch.setattr(heads, "product_dtype", lambda device: native)
    assert list(timed_products()) == sides
    said = "\n".join(heads.notes(Plan([], "faster", 1, 1, ["exact"]), made_findings()))
    assert (NO_BFLOAT16 in said) == (native == torch.float32)


def test_a_process_without_a_request_times_an_optimisers_first_step(capsys):
    head_process.main({})
    assert set(json.loads(capsys.readouterr().out)) == {"cpu", "wall"}


def test_the_bare_loop_learns(folder, monkeypatch):
    task, splits = read_heareval_folder(folder)
    point = replace(grid_points(task, "faster", 42, 1)[0], hidden_layers=1, lr=0.01, dropout=0.0)
    losses = []
    backward = torch.autograd.backward
    monkeypatch.setattr(
        torch.autograd, "backward", lambda loss: (losses.append(loss.item()), backward(loss))
    )
    one_batch = replace(point, batch_size=1024)
    bare_loop(rows_of(task, [splits["fold00"]]), 3, "multiclass", one_batch, 40)
    assert len(losses) == 40
    assert losses[-1] < losses[0] / 2


@pytest.fixture
def without_children(monkeypatch):
    """Our timed processes as calls: their imports take longer than they do."""

    def run(command, cwd=None):
        if "benchmark.speed.head_process" not in command:
            return run_measured(command, cwd)
        with redirect_stdout(StringIO()) as said:
            head_process.main(json.loads(command[-1]))
        return said.getvalue(), Cost(5.0, 5.0)

    monkeypatch.setattr(heads, "run_measured", run)
    monkeypatch.setattr(heads, "measured_first_step", lambda: Cost(1.0, 2.0))


@pytest.mark.slow
def test_a_timed_process_prints_its_run(folder):
    plan = Plan([folder], "faster", 1, 1, ["exact"])
    found = run_plan(plan, lambda line: None, lambda found: None)
    for series in found.series.values():
        assert 0 < series.work[0].cpu < series.whole[0].cpu


def test_a_round_runs_each_side_and_leaves_the_folder_alone(folder, tmp_path, without_children):
    (folder / "prediction-done.json").write_text("{}")
    before = sorted(path.name for path in folder.iterdir())
    (tmp_path / "fake.py").write_text(FAKE_UPSTREAM)
    upstream = [sys.executable, str(tmp_path / "fake.py")]
    plan = Plan([folder], "faster", 2, 1, ["exact"], upstream)
    lines, kept = [], []
    found = run_plan(plan, lines.append, kept.append)
    assert kept == [found]
    assert [key for _, key in found.series] == ["exact", BARE_LOOP, *timed_products(), UPSTREAM]
    assert len(lines) == 3 + len(timed_products())
    theirs = found.of("folds-v1-full", UPSTREAM)
    assert theirs.scores == [0.625]
    assert theirs.work[0].wall == 100 - 2  # its own clock, less the first step of an optimiser
    assert found.shapes["folds-v1-full"]["trainings"] == 4
    assert sorted(path.name for path in folder.iterdir()) == before


def made_findings():
    found = Findings(starts=[Cost(6.0, 7.0)])
    for who, work, scores in (
        ("exact", Cost(2.0, 1.0), [0.5, 0.5]),
        (BARE_LOOP, Cost(1.6, 0.5), []),
        (UPSTREAM, Cost(20.0, 30.0), [0.5, 0.51]),
    ):
        whole = Cost(work.cpu + 5, work.wall + 5)
        updates = 3_200_000_000 if who == "exact" else 0
        found.series["t", who] = Series("t", who, [whole] * 2, [work] * 2, scores, updates)
    return found


def test_the_table_divides_medians():
    plan = Plan([], "default", 8, 3, ["exact"], ["up"])
    report = heads_report(plan, made_findings())
    assert report.rows[0] == (
        *("t", "exact", "7.00 (3.6 ×)", "6.00 (5.8 ×)", "2.00 (10.0 ×)", "1.00 (30.0 ×)"),
        *("1.25", "2.00", "3.20", "0.5000"),
    )
    assert report.rows[1] == (
        *("", BARE_LOOP, "6.60 (3.8 ×)", "5.50 (6.4 ×)", "1.60 (12.5 ×)", "0.50 (60.0 ×)"),
        *("", "", "", ""),
    )
    assert report.rows[2][-1] == "0.5000 to 0.5100"
    assert "| t | exact | 7.00 (3.6 ×)" in markdown(report)
    assert report.title.endswith("medians of 2 runs")  # those that are done
    json.dumps(report.measured)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["heads", "nowhere"], "nowhere has no task_metadata.json"),
        (["heads", "{folder}", "{folder}"], "Two folders are called folds-v1-full"),
        (["heads", "--modes", "exact,quick"], "'quick' is not a mode; choose from exact, fast"),
        (["heads", "--out", "table.txt"], "--out table.txt: the file must end in .md or .json"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(arguments, said, folder):
    asked = [argument.format(folder=folder) for argument in arguments]
    outcome = CliRunner().invoke(main, ["bench", *asked])
    assert outcome.exit_code == 2
    assert said in outcome.output
    assert "Traceback" not in outcome.output
