"""``msbench cache``: list what the cache holds, and remove items."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import SOME_FAILED, report_errors
from benchmark.models.specs import split_spec
from msssl_common.finite_numbers import FiniteRange
from msssl_common.messages import say

if TYPE_CHECKING:
    from benchmark.embeddings.cache_index import CacheItem

DAY = 86400.0  # s
SHOWN = 12  # digits of a key
HEADINGS = ("key", "kind", "module", "task", "rows", "size", "age", "state")


@click.group()
def cache() -> None:
    """List or remove cached embeddings and unfinished heads.

    The cache is in MSBENCH_CACHE, or else in ~/.cache/msssl-hear. Removed items are made again when
    they are needed.
    """


@cache.command("ls")
@report_errors
def list_cache() -> None:
    """List embeddings and unfinished heads, last written first."""
    from benchmark.embeddings.cache_index import list_cache
    from msssl_common.files import cache_root

    items = list_cache(cache_root())
    _print_table(items)
    say(f"{len(items)} in {cache_root()}, {_size(sum(item.size for item in items))}")


@cache.command("rm")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option(
    "--older-than",
    type=FiniteRange(min=0),
    metavar="DAYS",
    help="Items last written more than DAYS days ago.",
)
@click.option(
    "--module",
    metavar="NAME",
    help="Items of a module, with any checkpoint; of one with MODULE=CHECKPOINT.",
)
@click.option("--task", metavar="NAME", help="Items of a task.")
@click.option("--all", "everything", is_flag=True, help="All embeddings and unfinished heads.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@report_errors
def remove_from_cache(
    keys: Sequence[str],
    older_than: float | None,
    module: str | None,
    task: str | None,
    everything: bool,
    yes: bool,
) -> None:
    """Remove the items with these KEYs, or those that fit all options given.

    The first digits of a KEY are enough.

    \b
    Examples:
      msbench cache rm 3f9a2c
      msbench cache rm --module my_module --older-than 30
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.embeddings.cache_index import list_cache, remove, select_items
    from msssl_common.files import cache_root

    if not keys and not everything and older_than is None and not module and not task:
        raise click.UsageError(
            "Name what to remove: KEYs, --older-than, --module, --task or --all."
        )
    items = list_cache(cache_root())
    items = select_items(items, keys) if keys else items
    items = [item for item in items if _fits(item, older_than, module, task)]
    if not items:
        say("Nothing to remove.")
        return
    _print_table(items)
    total = f"{len(items)}, {_size(sum(item.size for item in items))}"
    if not yes:
        click.confirm(f"Remove {total}?", abort=True)
    removed = 0
    for item in items:
        try:
            remove(item, cache_root())
            removed += 1
        except (ValueError, OSError) as error:
            say(f"Error: {error}", err=True)
    say(f"Removed {removed} of {len(items)}.")
    if removed < len(items):
        sys.exit(SOME_FAILED)


def _fits(item: CacheItem, older_than: float | None, module: str | None, task: str | None) -> bool:
    if older_than is not None and time.time() - item.written <= older_than * DAY:
        return False
    if module and module not in (item.module, split_spec(item.module)[0]):
        return False
    return not task or task == item.task


def _print_table(items: Sequence[CacheItem]) -> None:
    rows = [HEADINGS, *map(_row, items)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = {HEADINGS.index(name) for name in ("rows", "size", "age")}
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())


def _row(item: CacheItem) -> tuple[str, ...]:
    rows = "-" if item.rows is None else str(item.rows)
    state = f"{item.state}, being written" if item.busy else item.state
    age = _age(time.time() - item.written)
    named = (item.key[:SHOWN], item.kind, item.module, item.task)
    return (*named, rows, _size(item.size), age, state)


def _size(count: float) -> str:
    """Bytes, as in "1.5 MB"."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _age(seconds: float) -> str:
    for unit, length in (("d", DAY), ("h", 3600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
