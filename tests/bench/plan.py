"""What pretraining on AudioSet and 100 models on HEAR's 19 tasks would take: docs/larger_runs.md.

    python -m tests.bench.plan                                   # prints both tables
    python -m tests.bench.plan gpu_crops=30000 workers=200       # with numbers of your own
    python -m tests.bench.plan --fill                            # into docs/larger_runs.md

Every line is a formula over the numbers below; where each number is from stands beside it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, fields, replace
from typing import NamedTuple

from benchmark.tasks.catalogue.hear_tasks import HearTask, hear_tasks
from tests import ROOT
from tests.bench.filled_page import fill_page

PAGE = ROOT / "docs" / "larger_runs.md"
RATE = 16_000  # Hz
PACKING = "(scale.md#packing)"
THROUGHPUT = "(scale.md#throughput-of-pretraining)"
HOUR = 3600.0

# hear-preprocess's task configurations; the other tasks have a training, a validation and a test
# split, of which 0.8 is taken for training.
FOLDS = {
    "beijing_opera": 5,
    "crema_d": 5,
    "esc50": 5,
    "gtzan": 10,
    "gtzan_music_speech": 10,
    "gunshot_triangulation": 7,
    "libricount": 5,
    "maestro": 5,
    "mridangam_stroke": 5,
    "mridangam_tonic": 5,
    "vocal_imitation": 3,
    "vox_lingua_top10": 5,
}
TRAIN_SHARE = 0.8
MAESTRO_EPOCHS = 50
FSD50K_HOURS = 108.3  # its paper; its clips differ in length


def measured(value: float, where: str) -> float:
    """A number that was measured on one core, or by a worker of two."""
    return field(default=value, metadata={"from": f"measured: {where}"})


def assumed(value: float, where: str) -> float:
    """A number that was not."""
    return field(default=value, metadata={"from": f"**assumed**: {where}"})


def given(value: float, where: str) -> float:
    """A number of the paper, of HEAR or of our code."""
    return field(default=value, metadata={"from": where})


@dataclass(frozen=True)
class Numbers:
    """Everything the plan is made of."""

    clips: float = given(1_787_417, "AudioSet's clips that the authors had")
    clip_seconds: float = given(10, "AudioSet")
    steps: float = given(174_500, "the authors' full variant")
    batch: float = given(1024, "the same, over all GPUs")
    crops: float = given(3, "of each clip: anchor, positive, partner")
    gpus: float = given(8, "the authors' machine")
    gpu_crops: float = assumed(15_000, "crops/s of an H100, B0 in bf16")
    core_crops: float = measured(65, "crops/s, whole steps of `paper`, [throughput]" + THROUGHPUT)
    pipeline_ms: float = measured(0.27, "its pipeline, per crop, [throughput]" + THROUGHPUT)
    decode_ms: float = measured(2.3, "10 s of FLAC, [packing]" + PACKING)
    pack_seconds: float = measured(9.4, "per hour of audio, Ogg to FLAC, [packing]" + PACKING)
    flac_megabytes: float = measured(65.5, "per hour of audio, [packing]" + PACKING)
    parameters: float = given(5.6, "of encoder and heads, million")
    models: float = given(100, "assumed")
    audio_speed: float = measured(60, "s of audio per s, `multi`, real tasks, busy worker")
    scene_size: float = given(1024, "numbers per scene embedding")
    frame_size: float = given(512, "numbers per timestamp embedding")
    frames_per_second: float = given(25, "timestamps every 40 ms")
    grid_points: float = given(8, "heads tried per task")
    clip_head_seconds: float = measured(8.8, "per training and 1000 rows, ESC-50, grid default")
    frame_head_seconds: float = measured(
        5.5, "per million frames trained on, [speed](parity.md#speed)"
    )
    event_epochs: float = assumed(300, "of at most 500; MAESTRO's are 50, which HEAR sets")
    workers: float = assumed(64, "two cores each")
    storage: float = assumed(1.0, "GB/s of the shared storage")


class Line(NamedTuple):
    """A row of a table: what, by which formula, how much, and its unit."""

    what: str
    formula: str
    value: float
    unit: str

    @property
    def cells(self) -> str:
        """As Markdown."""
        return (
            f"| {self.what} | {self.formula} | {self.value:,.{digits(self.value)}f} {self.unit} |"
        )


def digits(value: float) -> int:
    """Decimals that make two or three figures."""
    return 0 if value >= 20 else 1 if value >= 1 else 2


def pretraining(n: Numbers) -> list[Line]:
    """AudioSet, the paper's full variant."""
    hours = n.clips * n.clip_seconds / HOUR
    crops = n.steps * n.batch * n.crops
    speed = n.gpus * n.gpu_crops
    clips_per_second = speed / n.crops
    clip_bytes = n.flac_megabytes * 1e6 * n.clip_seconds / HOUR
    steps_per_second = speed / (n.batch * n.crops)
    gradient = 4e6 * n.parameters * 2 * (n.gpus - 1) / n.gpus
    return [
        Line("audio", "clips × clip_seconds / 3600", hours, "h"),
        Line("packing", "hours × pack_seconds / 3600", hours * n.pack_seconds / HOUR, "core h"),
        Line("shards", "hours × flac_megabytes", hours * n.flac_megabytes / 1e3, "GB"),
        Line("held as int16", "hours × 3600 × 16 000 × 2", hours * HOUR * RATE * 2 / 1e9, "GB"),
        Line("epochs", "steps × batch / clips", n.steps * n.batch / n.clips, ""),
        Line("crops", "steps × batch × crops", crops / 1e6, "million"),
        Line("encoder on CPU alone", "crops / core_crops", crops / n.core_crops / HOUR, "core h"),
        Line("**encoder on the GPUs**", "crops / (gpus × gpu_crops)", crops / speed / HOUR, "h"),
        Line("clips asked for", "gpus × gpu_crops / crops", clips_per_second, "/s"),
        Line(
            "cores that decode them from shards",
            "clips per second × decode_ms",
            clips_per_second * n.decode_ms / 1e3,
            "",
        ),
        Line("read", "clips per second × bytes", clips_per_second * clip_bytes / 1e9, "GB/s"),
        Line(
            "cores, if the pipeline ran on CPU",
            "gpus × gpu_crops × pipeline_ms",
            speed * n.pipeline_ms / 1e3,
            "",
        ),
        Line(
            "gradients, each GPU",
            "steps per second × 4 bytes × parameters × 2 (gpus − 1) / gpus",
            steps_per_second * gradient / 1e9,
            "GB/s",
        ),
    ]


class TaskCost(NamedTuple):
    """One model on one task.

    Attributes:
        name: Of the task.
        audio: Seconds.
        rows: Embeddings.
        megabytes: Of them.
        embed: Seconds to embed, one worker.
        heads: Seconds to train the heads, one worker.
    """

    name: str
    audio: float
    rows: float
    megabytes: float
    embed: float
    heads: float


def task_cost(task: HearTask, n: Numbers) -> TaskCost:
    """Cost of one model on one task."""
    hours = FSD50K_HOURS if task.name == "fsd50k" else task.hours
    assert hours is not None and task.clips is not None
    audio = hours * HOUR
    event = task.kind == "event"
    rows = audio * n.frames_per_second if event else float(task.clips)
    size = n.frame_size if event else n.scene_size
    folds = FOLDS.get(task.name)
    # One fold chooses the hyperparameters, the others train one head each; of the folds, one tests
    # and one validates.
    trainings = n.grid_points + (folds - 1 if folds else 0)
    trained = trainings * rows * (1 - 2 / folds if folds else TRAIN_SHARE)
    if event:
        epochs = MAESTRO_EPOCHS if task.name == "maestro" else n.event_epochs
        heads = trained * epochs * n.frame_head_seconds / 1e6
    else:
        heads = trained * n.clip_head_seconds / 1e3
    megabytes = rows * size * 4 / 1e6
    return TaskCost(task.name, audio, rows, megabytes, audio / n.audio_speed, heads)


def benchmarking(n: Numbers) -> list[Line]:
    """Models on all of HEAR's tasks."""
    costs = [task_cost(task, n) for task in hear_tasks()]
    audio = sum(cost.audio for cost in costs)
    embed, heads = sum(cost.embed for cost in costs), sum(cost.heads for cost in costs)
    longest = max(costs, key=lambda cost: cost.embed + cost.heads)
    total = n.models * (embed + heads)
    wav = audio * RATE * 2
    reading = n.audio_speed * RATE * 2
    return [
        Line("audio of the 19 tasks", "Σ clips × seconds", audio / HOUR, "h"),
        Line("audio at 16 kHz", "hours × 3600 × 16 000 × 2", wav / 1e9, "GB"),
        Line("embedding one model", "audio / audio_speed", embed / HOUR, "worker h"),
        Line(
            "heads of one model",
            "Σ trainings × rows (× epochs) × head_seconds",
            heads / HOUR,
            "worker h",
        ),
        Line("all models", "models × (embedding + heads)", total / HOUR, "worker h"),
        Line("**on the cluster**", "all models / workers", total / n.workers / HOUR, "h"),
        Line(
            f"longest cell ({longest.name})",
            "its embedding + heads",
            (longest.embed + longest.heads) / HOUR,
            "h",
        ),
        Line(
            "workers of use, a cell each",
            "all models / longest cell",
            total / (longest.embed + longest.heads),
            "",
        ),
        Line(
            "embeddings of one model",
            "Σ rows × size × 4",
            sum(cost.megabytes for cost in costs) / 1e3,
            "GB",
        ),
        Line(
            "embeddings of all",
            "models × embeddings",
            n.models * sum(cost.megabytes for cost in costs) / 1e3,
            "GB",
        ),
        Line("audio read in all", "models × audio", n.models * wav / 1e12, "TB"),
        Line(
            "workers that the storage feeds",
            "storage / (audio_speed × 32 kB/s)",
            n.storage * 1e9 / reading,
            "",
        ),
    ]


def tables(n: Numbers) -> list[str]:
    """Pretraining, benchmarking and the numbers that they are made of, as Markdown."""
    head = ["|:--|:--|--:|"]
    return [
        f"| AudioSet, {n.steps:,.0f} steps of {n.batch:,.0f} clips on {n.gpus:.0f} GPUs | by | |",
        *head,
        *(line.cells for line in pretraining(n)),
        "",
        f"| {n.models:.0f} models × 19 tasks on {n.workers:.0f} workers | by | |",
        *head,
        *(line.cells for line in benchmarking(n)),
        "",
        "| number | | from |",
        "|:--|--:|:--|",
        *(
            f"| `{item.name}` | {getattr(n, item.name):,} | {item.metadata['from']} |"
            for item in fields(Numbers)
        ),
    ]


def with_words(n: Numbers, words: list[str]) -> Numbers:
    """Numbers with ``name=value`` put in.

    Raises:
        ValueError: Not that, or no such name.
    """
    known = [item.name for item in fields(Numbers)]
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or name not in known:
            raise ValueError(f"{word}: give NAME=NUMBER; names are {', '.join(known)}")
        n = replace(n, **{name: float(value)})
    return n


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("numbers", nargs="*", metavar="NAME=NUMBER")
    parser.add_argument(
        "--fill", action="store_true", help=f"Write the tables into docs/{PAGE.name}."
    )
    options = parser.parse_args()
    try:
        lines = tables(with_words(Numbers(), options.numbers))
    except ValueError as error:
        parser.error(str(error))
    if options.fill:
        fill_page(PAGE, "plan", lines)
    else:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
