"""Options that several commands of ``mspretrain`` have."""

from __future__ import annotations

from pathlib import Path

import click

from msssl_common.devices import DEVICE_HELP, DEVICES_HELP

RECIPE_NAMES = sorted(path.stem for path in Path(__file__).parents[1].glob("recipes/*.yaml"))

RECIPE_HELP = (
    f"A shipped recipe ({', '.join(RECIPE_NAMES)}), or a YAML file of your own. multi has the "
    "clip, frame and pitch strategies, cola the clip strategy alone."
)

device_option = click.option(
    "--device", default="auto", show_default=True, metavar="DEVICE", help=DEVICE_HELP
)

devices_option = click.option(
    "--device", default="auto", show_default=True, metavar="DEVICE,...", help=DEVICES_HELP
)
