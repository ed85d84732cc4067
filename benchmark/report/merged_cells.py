"""Cells of one or several results folders, brought together in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

from benchmark.protocol import Protocol
from benchmark.results.cell_files import read_cell
from benchmark.results.cells import Cell, ModuleFacts, TaskFacts, with_unique_label
from benchmark.results.leaderboard import NOT_RUN
from benchmark.results.verified import predictions_damage, score_damage


class CellFile(NamedTuple):
    """A cell and the file it is in; its predictions lie beside it."""

    path: Path
    cell: Cell

    @property
    def place(self) -> tuple[str, str]:
        """Row label and task name."""
        return self.cell.module.label, self.cell.task.task


class FolderCells(NamedTuple):
    """What a results folder holds.

    Attributes:
        files: The cells that count, sorted by file name.
        damaged: Cells that are left out because they are damaged, a sentence each.
        cautions: What must be said of all that is left out.
    """

    files: list[CellFile]
    damaged: list[str]
    cautions: list[str]


def read_cells(folder: Path) -> FolderCells:
    """The cells of a results folder.

    Left out is what cannot be read, what has scores that its predictions do not give, and what an
    earlier version of the protocol left in the folder.

    Raises:
        FileNotFoundError: The folder has no cells.
        ValueError: It has, but this version reads none of them.
    """
    paths = sorted((folder / "cells").glob("*.json"))
    if not paths:
        raise FileNotFoundError(
            f"{folder} holds no results (cells/*.json): give the --out folder of a msbench run."
        )
    files, unread = [], []
    for path in paths:
        try:
            files.append(CellFile(path, read_cell(path)))
        except (ValueError, OSError) as error:
            unread.append(str(error))
            continue
        if wrong := _wrong_score(files[-1]):
            unread.append(f"{path}: {wrong}; run the command again that made it.")
            files.pop()
    if not files:
        raise ValueError(unread[0])
    newest = max(file.cell.protocol.version for file in files)
    current = [file for file in files if file.cell.protocol.version == newest]
    cautions = []
    if unread:
        count = f"{len(unread)} of {len(paths)} cells are damaged and left out"
        cautions.append(f"{folder.name}: {count}, e.g. {unread[0]}")
    if len(current) < len(files):
        count = f"{len(files) - len(current)} of {len(paths)} cells"
        cautions.append(
            f"{folder.name}: {count} are of an earlier protocol than {newest} and left out."
        )
    return FolderCells(current, unread, cautions)


def _wrong_score(file: CellFile) -> str | None:
    """A score that the predictions beside the cell do not give; without those nothing is known."""
    if file.cell.reason or predictions_damage(file.path, file.cell):
        return None
    return score_damage(file.path, file.cell)


def merged(files: Sequence[CellFile]) -> list[CellFile]:
    """One cell for every place (module, checkpoint, task, seed), and all places filled.

    A finished cell takes the place of a failed one, the first of equal ones that of the others.
    Rows and columns are those of all cells; where nobody ran a module on a task, there is a cell
    whose reason is `NOT_RUN`.

    Raises:
        ValueError: Two files that cannot stand in one table: of other protocols, of a task or a
            module that was changed between them, or with other scores for the same place.
    """
    _check_alike(files)
    places: dict[tuple[str, str, str, int], CellFile] = {}
    for file in files:
        cell = file.cell
        place = (*_spec(cell), cell.task.task, cell.protocol.seed)
        there = places.get(place)
        if there is None or (there.cell.reason and not cell.reason):
            places[place] = file
        elif not there.cell.reason and not cell.reason:
            _check_equal(there, file)
    return _under_common_names(list(places.values()))


def _under_common_names(files: list[CellFile]) -> list[CellFile]:
    """Equal facts of a module in all its cells and of a task in all its; places all filled."""
    by_finished = sorted(files, key=lambda file: file.cell.reason is not None)
    modules = _modules([file.cell for file in by_finished])
    tasks: dict[str, TaskFacts] = {}
    for file in sorted(by_finished, key=lambda file: file.cell.task.family == "unknown"):
        tasks.setdefault(file.cell.task.task, file.cell.task)
    named = [
        CellFile(path, replace(cell, module=modules[_spec(cell)], task=tasks[cell.task.task]))
        for path, cell in files
    ]
    there = {(_spec(cell), cell.task.task) for _, cell in named}
    first = by_finished[0].cell
    blank = Cell(
        first.module, first.task, first.protocol, "", NOT_RUN, embedding_dtype=first.embedding_dtype
    )
    return named + [
        CellFile(Path(), replace(blank, module=module, task=task))
        for spec, module in modules.items()
        for name, task in tasks.items()
        if (spec, name) not in there
    ]


def _modules(cells: Sequence[Cell]) -> dict[tuple[str, str], ModuleFacts]:
    """Facts of each module and checkpoint; two of the same label get their names behind it."""
    modules: dict[tuple[str, str], ModuleFacts] = {}
    for cell in cells:
        there = modules.setdefault(_spec(cell), cell.module)
        if cell.module.licence and not there.licence:  # older cells have none
            modules[_spec(cell)] = replace(there, licence=cell.module.licence)
    taken: set[str] = set()
    for spec, module in modules.items():
        modules[spec] = with_unique_label(module, taken)
        taken.add(modules[spec].label)
    return modules


def _spec(cell: Cell) -> tuple[str, str]:
    return cell.module.module, cell.module.checkpoint


def _check_alike(files: Sequence[CellFile]) -> None:
    """One protocol, one version of every task and of every module."""
    first = files[0]
    tasks: dict[tuple[str, int | None], CellFile] = {}
    modules: dict[tuple[str, str], CellFile] = {}
    for file in files:
        if _protocol(file.cell) != _protocol(first.cell):
            differ = _difference(first.cell, file.cell)
            raise _conflict(first, file, f"were made under different protocols ({differ})")
        if file.cell.reason:
            continue
        cell = file.cell
        task = tasks.setdefault((cell.task.task, cell.module.sample_rate), file)
        if task.cell.task_hash != cell.task_hash:
            raise _conflict(
                task, file, f"were made on different versions of the task {cell.task.task}"
            )
        module = modules.setdefault(_spec(cell), file)
        if module.cell.module.module_hash != cell.module.module_hash:
            raise _conflict(
                module, file, f"are of different weights or code of {cell.module.label}"
            )


def _check_equal(a: CellFile, b: CellFile) -> None:
    if a.cell.folds != b.cell.folds:
        raise _conflict(a, b, "hold different scores for the same module, task and seed")


def _protocol(cell: Cell) -> tuple[Protocol, str]:
    return replace(cell.protocol, seed=0), cell.embedding_dtype


def _difference(a: Cell, b: Cell) -> str:
    names = [field.name for field in fields(Protocol) if field.name != "seed"]
    pairs = [(name, getattr(a.protocol, name), getattr(b.protocol, name)) for name in names]
    pairs.append(("embeddings", a.embedding_dtype, b.embedding_dtype))
    return ", ".join(f"{name} {x} and {y}" for name, x, y in pairs if x != y)


def _conflict(a: CellFile, b: CellFile, what: str) -> ValueError:
    return ValueError(
        f"{a.path} and {b.path} {what}, and cannot stand in one table: keep them in folders apart."
    )
