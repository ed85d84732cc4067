"""``--group NAME=ROW,...``: rows that differ in the seed of their training alone."""

from __future__ import annotations

from collections.abc import Sequence

import click


def _groups(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, list[str]]:
    """Rows by the group's name, in the order given; a name that comes again gets more rows."""
    groups: dict[str, list[str]] = {}
    for value in values:
        name, equals, rows = value.partition("=")
        wanted = [row.strip() for row in rows.split(",") if row.strip()]
        if not (name.strip() and equals and wanted):
            raise click.BadParameter(
                f"{value[:80]!r} is no group: name it and its rows, as in multi=multi-0,multi-1 or "
                "'multi=multi-*'",
                context,
                parameter,
            )
        groups.setdefault(name.strip(), []).extend(wanted)
    return groups


group_option = click.option(
    "--group",
    "groups",
    multiple=True,
    callback=_groups,
    metavar="NAME=ROW,...",
    help="Encoders of one training method that differ in the seed of their training: labels of "
    "rows, or patterns as in 'multi=multi-*'. Means, differences and intervals are over training "
    "seeds and test clips. Give it once for each group.",
)
