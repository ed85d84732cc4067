"""``msbench tasks make``: task folders from raw data sets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from benchmark.cli_options import one_line
from benchmark.tasks.make.cli_options import make_from, place_options
from benchmark.tasks.make.own_cli import csv, events, folders, jams

if TYPE_CHECKING:
    from benchmark.tasks.make.make_task import Planner

# HEAR's name for a task -> its folder without mode, its mode, and what to give.
HEAR: Final = {
    "dcase2016_task2": ("dcase2016_task2-hear2021", "full", "train_dev.zip, test_public.zip"),
    "esc50": ("esc50-v2.0.0", "full", "the repository or its master.zip"),
    "nsynth_pitch_5h": ("nsynth_pitch-v2.2.3", "5h", "three nsynth-*.jsonwav.tar.gz"),
    "nsynth_pitch_50h": ("nsynth_pitch-v2.2.3", "50h", "three nsynth-*.jsonwav.tar.gz"),
    "speech_commands_5h": ("speech_commands-v0.0.2", "5h", "both archives of v0.02"),
    "speech_commands_full": ("speech_commands-v0.0.2", "full", "both archives of v0.02"),
}


class MakeGroup(click.Group):
    """Commands by name; HEAR's tasks by any name that ``msbench tasks ls`` or the board has."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, or a usage error that says what there is."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        from benchmark.tasks.catalogue.names import folders_called

        try:
            folders = folders_called(cmd_name)
        except ValueError as error:
            raise click.UsageError(f"{error} Or see msbench tasks make --help.") from None
        for name, (base, mode, _) in HEAR.items():
            if folders == (f"{base}-{mode}",):
                return self.commands[name]
        raise click.UsageError(
            f"{cmd_name} cannot be made from raw data; msbench tasks get {cmd_name} fetches it. "
            f"Made can be {', '.join(self.commands)}."
        )


@click.group(cls=MakeGroup)
def make() -> None:
    """Make task folders from raw data sets: HEAR's by HEAR's rules, or anybody's own.

    HEAR's splits, labels and lengths are those of hear-preprocess; audio becomes mono 16-bit PCM,
    resampled with soxr. What was stopped, by whatever, goes on with the same command.

    \b
    Examples:
      msbench tasks make esc50 --source ESC-50-master.zip
      msbench tasks make speech_commands_5h --source downloads/
      msbench tasks make folders birds --source recordings/ --duration 5
      msbench tasks make csv digits --source wavs/ --csv labels.csv --column group=speaker
      msbench tasks make events office --source wavs/ --csv events.csv --time-unit s
    """  # noqa: D301 -- click wants the character behind \\b


def _hear_command(name: str, base: str, mode: str, archives: str) -> click.Command:
    """The command of one HEAR task."""

    @place_options
    @click.option("--small", is_flag=True, help="The sources are HEAR's downsampled raw data.")
    @one_line
    def command(
        sources: Sequence[Path], rates: Sequence[str], to: Path, small: bool, debug: bool
    ) -> None:
        module = import_module(f"benchmark.tasks.make.{base.partition('-')[0]}")
        chosen = "small" if small else mode
        planner: Planner = partial(module.plan, mode=chosen)
        make_from(f"{base}-{chosen}", planner, sources, to, rates)

    text = f"{base}-{mode}, from {archives}."
    return click.command(name, help=f"Make {text}", short_help=text)(command)


for _name, (_base, _mode, _archives) in HEAR.items():
    make.add_command(_hear_command(_name, _base, _mode, _archives))
for _command in (folders, csv, events, jams):
    make.add_command(_command)
