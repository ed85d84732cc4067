"""The command ``mspretrain`` and its subcommands ``run`` and ``ablate``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import click

from msssl_common.messages import explain_error, printable, say
from pretrain.cli.bench import bench
from pretrain.cli.corpus import corpus
from pretrain.cli.curves import curves
from pretrain.cli.options import RECIPE_HELP, device_option, devices_option
from pretrain.cli.overlap import check_overlap
from pretrain.cli.pack import pack
from pretrain.cli.read_out import read_out
from pretrain.distributed.launch import is_started, launch


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="msssl-hear", message="%(prog)s %(version)s")
def main() -> None:
    """Train audio encoders without labels on a folder of audio.

    \b
    Examples:
      mspretrain run --recipe multi --data my-audio --out runs/mine
      mspretrain curves runs/mine --out curves
    """  # noqa: D301 -- click wants the character behind \\b


@main.command()
@click.option(
    "--recipe",
    required=True,
    metavar="NAME|FILE",
    help=f"{RECIPE_HELP} Or panns: the supervised stand-in, whose labels are the sources of the "
    "audio (its sub-folders).",
)
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of wav, flac, ogg or mp3 files at any depth, of any rate and number of channels; "
    "or of shards (mspretrain pack).",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Run folder, e.g. runs/multi."
)
@click.option(
    "--steps", type=click.IntRange(min=1), help="Optimiser steps.  [default: the recipe's]"
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=2),
    help="Clips per step, over all processes.  [default: the recipe's]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    help="Seed of weights and random draws.  [default: the recipe's]",
)
@devices_option
@click.option(
    "--devices",
    type=click.IntRange(min=1),
    help="Processes that share each batch, one per GPU. torchrun can start them, too.  [default: "
    "as many as --device names]",
)
@click.option(
    "--chunk",
    type=click.IntRange(min=1),
    help="Clips that a process encodes at once, if its share of the batch does not fit in memory. "
    "The negatives are still those of the whole batch.  [default: its share]",
)
@click.option(
    "--reader",
    type=click.Choice(["memory", "stream"]),
    help="How to read shards.  [default: in memory, if they take at most half of what is free]",
)
@click.option(
    "--compile",
    "compiled",
    is_flag=True,
    help="Compile the encoder: takes minutes, then steps are faster.",
)
@click.option("--resume", is_flag=True, help="Resume the run in --out.")
def run(
    recipe: str,
    data: Path,
    out: Path,
    steps: int | None,
    batch_size: int | None,
    seed: int | None,
    device: str,
    devices: int | None,
    chunk: int | None,
    reader: Literal["memory", "stream"] | None,
    compiled: bool,
    resume: bool,
) -> None:
    """Train an encoder by a recipe.

    Example: mspretrain run --recipe multi --data my-audio --out runs/multi

    The result is OUT/weights.safetensors with its card OUT/weights.json.
    """
    from msssl_common.memory import keep_freed_memory

    keep_freed_memory()
    try:
        device, devices = _shared(device, devices)
        if recipe == "panns":
            from pretrain.panns.train import run as run_panns

            if devices > 1 or chunk or compiled or is_started():
                raise ValueError(
                    "panns trains in one process, without --devices, --chunk and --compile"
                )
            run_panns(data, out, steps, batch_size, seed or 0, device, resume)
        elif devices > 1 and not is_started():
            from pretrain.api import recipe_with_overrides
            from pretrain.data.share import BatchShard

            chosen = recipe_with_overrides(recipe, out if resume else None, steps, batch_size, seed)
            BatchShard(chosen.run.batch_size, world_size=devices)  # refused before a process starts
            launch(_arguments(without="devices"), devices)
        else:
            from pretrain.api import fit

            fit(
                recipe,
                data=data,
                out=out,
                steps=steps,
                batch_size=batch_size,
                seed=seed,
                device=device,
                resume=resume,
                chunk=chunk,
                reader=reader,
                compiled=compiled,
                quiet=False,
            )
    except (ValueError, OSError, FloatingPointError, RuntimeError, MemoryError) as error:
        raise click.ClickException(explain_error(error)) from None


def _shared(device: str, devices: int | None) -> tuple[str, int]:
    """One device for all processes, and how many there are: each is given a GPU of its own.

    Where ``--device`` names several GPUs, these alone are seen from here on.

    Raises:
        ValueError: It names others than there are, one twice, or not as many as ``--devices``.
    """
    if "," not in device:
        return device, devices or 1
    from msssl_common.devices import VISIBLE, resolve_devices, visible_devices

    named = resolve_devices(device)
    kind = named[0].partition(":")[0]
    if kind == "cuda" and len(set(named)) < len(named):
        raise ValueError(f"--device {device} names a GPU twice: each process needs its own")
    if devices not in (None, len(named)):
        raise ValueError(f"--device {device} names {len(named)} devices, --devices {devices}")
    if seen := visible_devices(named):
        os.environ[VISIBLE] = seen
    click.get_current_context().params["device"] = kind  # what the processes are told
    return kind, len(named)


def _arguments(without: str) -> list[str]:
    """The command that is running, but for one option."""
    context = click.get_current_context()
    words = [str(context.info_name)]
    for option in context.command.params:
        value = context.params[str(option.name)]
        if value is True:
            words.append(option.opts[0])
        elif value is not None and value is not False and option.name != without:
            words += [option.opts[0], str(value)]
    return words


@main.command(short_help="Train the rows of the ablation table.")
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="Folder of audio, as for run."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for a run folder per recipe. Interrupted runs resume.",
)
@click.option("--rows", help="Recipes, separated by commas.  [default: those of the ablation]")
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    help="Optimiser steps of every run.  [default: the first recipe's]",
)
@click.option(
    "--seeds",
    "--seed",
    default="",
    metavar="N[,N...]",
    help="Training seeds, separated by commas: each row is trained once per seed.  [default: the "
    "first recipe's]",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Trainings at a time. On a GPU, seven small encoders side by side took less than half of "
    "the time. Each holds the audio in memory.",
)
@device_option
def ablate(
    data: Path, out: Path, rows: str | None, steps: int | None, seeds: str, device: str, jobs: int
) -> None:
    """Train the rows of the ablation table: same data and steps, different losses.

    \b
    Examples:
      mspretrain ablate --data my-audio --out runs/ablation
      mspretrain ablate --data my-audio --out runs/seeds --rows cola,multi --seeds 0,1,2 --jobs 6

    Prints the msbench commands that score and compare them.
    """  # noqa: D301 -- click wants the character behind \\b
    from msssl_common.memory import keep_freed_memory

    keep_freed_memory()
    from pretrain.tools.ablate import ROWS, benchmark_commands
    from pretrain.tools.ablate import ablate as train_rows

    names = rows.split(",") if rows else list(ROWS)
    try:
        chosen = _seeds(seeds)
        weights = train_rows(names, data, out, steps, chosen, device, jobs)
    except (ValueError, OSError, FloatingPointError, RuntimeError, MemoryError) as error:
        raise click.ClickException(explain_error(error)) from None
    for command in benchmark_commands(weights, len(chosen) > 1):
        say(command)


def _seeds(words: str) -> list[int]:
    """Whole numbers from 0 to 2**32 - 1, separated by commas."""
    parts = [word.strip() for word in words.split(",")] if words else []
    for word in parts:
        if not (word.isascii() and word.isdigit() and int(word) < 2**32):
            raise ValueError(
                f"--seeds {printable(words)}: give whole numbers, separated by commas, as in 0,1,2"
            )
    return list(dict.fromkeys(map(int, parts)))


main.add_command(bench)
main.add_command(check_overlap)
main.add_command(corpus)
main.add_command(curves)
main.add_command(pack)
main.add_command(read_out)
