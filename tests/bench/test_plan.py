import pytest

from benchmark.tasks.catalogue.hear_tasks import hear_tasks
from tests.bench.plan import (
    FOLDS,
    PAGE,
    Numbers,
    benchmarking,
    pretraining,
    tables,
    task_cost,
    with_words,
)


def test_pretraining_by_hand() -> None:
    """3600 clips of 10 s are 10 h; 300 steps of 120 clips are 10 epochs and 108,000 crops."""
    n = Numbers(
        clips=3600,
        clip_seconds=10,
        steps=300,
        batch=120,
        crops=3,
        gpus=2,
        gpu_crops=150,
        core_crops=10,
        pipeline_ms=4,
        decode_ms=20,
        pack_seconds=36,
        flac_megabytes=72,
        parameters=5,
    )
    found = {line.what: (line.value, line.unit) for line in pretraining(n)}
    assert found == {
        "audio": (10.0, "h"),
        "packing": (pytest.approx(0.1), "core h"),
        "shards": (pytest.approx(0.72), "GB"),
        "held as int16": (pytest.approx(1.152), "GB"),
        "epochs": (10.0, ""),
        "crops": (pytest.approx(0.108), "million"),
        "encoder on CPU alone": (3.0, "core h"),
        "**encoder on the GPUs**": (pytest.approx(0.1), "h"),
        "clips asked for": (100.0, "/s"),
        "cores that decode them from shards": (pytest.approx(2.0), ""),
        "read": (pytest.approx(0.02), "GB/s"),  # 100 clips of 200 kB
        "cores, if the pipeline ran on CPU": (pytest.approx(1.2), ""),
        "gradients, each GPU": (pytest.approx(300 / 360 * 20e6 / 1e9), "GB/s"),
    }


def test_one_model_on_one_task_by_hand() -> None:
    tasks = {task.name: task for task in hear_tasks()}
    n = Numbers(audio_speed=50, clip_head_seconds=10, frame_head_seconds=5, event_epochs=100)
    # 2000 clips of 5 s; 5 folds: 8 + 4 trainings of 1200 clips.
    esc50 = task_cost(tasks["esc50"], n)
    assert esc50[1:] == pytest.approx((10_000, 2000, 8.192, 200, 144))
    # 72 clips of 120 s, 216,000 frames: 8 trainings of 172,800, 100 epochs.
    dcase = task_cost(tasks["dcase2016_task2"], n)
    assert dcase[1:] == pytest.approx((8640, 216_000, 442.368, 172.8, 691.2))
    # 185 clips of 120 s, 555,000 frames: 12 trainings of 333,000, 50 epochs.
    assert task_cost(tasks["maestro"], n).heads == pytest.approx(12 * 333_000 * 50 * 5e-6)


def test_the_cluster_is_the_sum_of_its_cells() -> None:
    n = Numbers(models=10, workers=5)
    costs = [task_cost(task, n) for task in hear_tasks()]
    assert len(costs) == 19 and set(FOLDS) <= {cost.name for cost in costs}
    found = {line.what: line.value for line in benchmarking(n)}
    hours = sum(cost.embed + cost.heads for cost in costs) / 3600
    assert found["all models"] == pytest.approx(10 * hours)
    assert found["**on the cluster**"] == pytest.approx(2 * hours)
    assert found["audio of the 19 tasks"] == pytest.approx(364, abs=1)
    assert found["workers that the storage feeds"] == pytest.approx(1e9 / (60 * 32_000))
    assert [value for what, value in found.items() if what.startswith("longest cell")] == [
        pytest.approx(max(cost.embed + cost.heads for cost in costs) / 3600)
    ]


def test_numbers_of_ones_own() -> None:
    n = with_words(Numbers(), ["gpu_crops=30000", "workers=200"])
    assert n.gpu_crops == 30_000 and n.workers == 200 and n.models == 100
    for wrong in ("speed=3", "workers"):
        with pytest.raises(ValueError, match=f"{wrong}: give NAME=NUMBER; names are clips, "):
            with_words(Numbers(), [wrong])


def test_the_page_shows_these_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "\n".join(["<!-- plan -->", *tables(Numbers()), "<!-- /plan -->"]) in page
