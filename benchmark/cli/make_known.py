"""``msbench tasks make``: the commands of data sets that we know, HEAR's and more.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from benchmark.cli.make_options import make_from, place_options
from benchmark.cli.options import report_errors

if TYPE_CHECKING:
    from benchmark.tasks.make.build import Planner

# HEAR's name for a task -> its folder without mode, its mode, and what to give.
HEAR: Final = {
    "dcase2016_task2": ("dcase2016_task2-hear2021", "full", "train_dev.zip, test_public.zip"),
    "esc50": ("esc50-v2.0.0", "full", "the repository or its master.zip"),
    "nsynth_pitch_5h": ("nsynth_pitch-v2.2.3", "5h", "three nsynth-*.jsonwav.tar.gz"),
    "nsynth_pitch_50h": ("nsynth_pitch-v2.2.3", "50h", "three nsynth-*.jsonwav.tar.gz"),
    "speech_commands_5h": ("speech_commands-v0.0.2", "5h", "both archives of v0.02"),
    "speech_commands_full": ("speech_commands-v0.0.2", "full", "both archives of v0.02"),
}

# Tasks beyond HEAR's: name -> the folder without mode, its mode, and what to give. The facts are in
# benchmark/tasks/catalogue/more_tasks.csv.
MORE: Final = {
    "common_language": ("common_language-v0.1", "full", "CommonLanguage.tar.gz"),
    "crema_d_speakers": ("crema_d_speakers-v1.0.0", "full", "a clone of CREMA-D"),
    "desed": ("desed-2021", "full", "dcase_synth.zip, DESEDpublic_eval.tar.gz"),
    "emodb": ("emodb-v1.0.0", "full", "download.zip of EmoDB"),
    "nsynth_instrument_5h": ("nsynth_instrument-v2.2.3", "5h", "three nsynth-*.jsonwav.tar.gz"),
    "nsynth_instrument_full": ("nsynth_instrument-v2.2.3", "full", "the same three"),
    "ravdess": ("ravdess-v1.0.0", "full", "Audio_Speech_Actors_01-24.zip"),
    "tau_urban_scenes": ("tau_urban_scenes-2020-mobile", "full", "its meta and audio zip files"),
    "urbansound8k": ("urbansound8k-v1.0", "full", "UrbanSound8K.tar.gz"),
}


def known_commands() -> list[click.Command]:
    """A command for each of these tasks."""
    return [
        *(_hear_command(name, *facts) for name, facts in HEAR.items()),
        *(_other_command(name, *facts) for name, facts in MORE.items()),
    ]


def _hear_command(name: str, base: str, mode: str, archives: str) -> click.Command:
    """The command of one HEAR task."""

    @place_options
    @click.option(
        "--small", is_flag=True, help="The sources are HEAR's small, downsampled raw data."
    )
    @report_errors
    def command(
        sources: Sequence[Path],
        rates: Sequence[str],
        to: Path,
        bad_files: float,
        small: bool,
        debug: bool,
    ) -> None:
        module = import_module(f"benchmark.tasks.make.{base.partition('-')[0]}")
        chosen = "small" if small else mode
        planner: Planner = partial(module.plan, mode=chosen)
        make_from(f"{base}-{chosen}", planner, sources, to, rates, bad_files)

    text = f"{base}-{mode}, from {archives}."
    return click.command(name, help=f"Make {text}", short_help=text)(command)


def _other_command(name: str, base: str, mode: str, archives: str) -> click.Command:
    """The command of a task beyond HEAR's."""

    @place_options
    @report_errors
    def command(
        sources: Sequence[Path], rates: Sequence[str], to: Path, bad_files: float, debug: bool
    ) -> None:
        module = import_module(f"benchmark.tasks.make.{base.partition('-')[0]}")
        planner: Planner = partial(module.plan, mode=mode)
        make_from(f"{base}-{mode}", planner, sources, to, rates, bad_files)

    text = f"{base}-{mode}, from {archives}."
    return click.command(name, help=f"Make {text}", short_help=text)(command)
