"""What differs between two cells beside their scores, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain

from benchmark.compare.places import Place, entry
from benchmark.protocol import Protocol
from benchmark.results.cells import Cell, FoldScores

NAMED = 3  # places that are named where not all changed


def changes(places: Sequence[Place]) -> list[str]:
    """Each change once, with where it is found; those that are everywhere come first."""
    found: dict[str, list[Place]] = {}
    for place in places:
        for change in dict.fromkeys(_of_place(place)):
            found.setdefault(change, []).append(place)
    ordered = sorted(found.items(), key=lambda item: len(item[1]) < len(places))
    return [f"{change} ({_where(at, places)})" for change, at in ordered]


def _where(at: Sequence[Place], places: Sequence[Place]) -> str:
    if len(at) == len(places):
        return "everywhere"
    rows = {place.row for place in at}
    if len(at) == sum(place.row in rows for place in places):
        return ", ".join(sorted(rows))
    tasks = {place.task.task for place in at}
    if len(at) == sum(place.task.task in tasks for place in places):
        return ", ".join(sorted(tasks))
    more = f" and {len(at) - NAMED} more" if len(at) > NAMED else ""
    return ", ".join(place.name for place in at[:NAMED]) + more


def _of_place(place: Place) -> Iterator[str]:
    a, b = place.a[0].cell, place.b[0].cell
    yield from _module(a, b)
    if not place.same_task:
        yield f"another version of the task: hash {_short(a.task_hash)} → {_short(b.task_hash)}"
    yield from _protocol(place)
    yield from _versions(a.versions, b.versions)
    yield from _fact("machine", a.machine, b.machine)
    yield from _fact("device", a.device, b.device)
    finished = not entry(place.a).reason and not entry(place.b).reason
    if finished and len(a.folds) == len(b.folds):
        yield from _heads(a.folds, b.folds)


def _module(a: Cell, b: Cell) -> Iterator[str]:
    """What it is called, what was installed, weights and code."""
    yield from _fact("module", a.module.spec, b.module.spec)
    if not (a.module.weights_hash and b.module.weights_hash):  # one could not be loaded
        return
    yield from _fact("distribution", a.module.distribution, b.module.distribution)
    yield from _fact("parameters", str(a.module.parameters), str(b.module.parameters))
    yield from _fact("sample rate", f"{a.module.sample_rate} Hz", f"{b.module.sample_rate} Hz")
    if a.module.weights_hash != b.module.weights_hash:
        hashes = f"{_short(a.module.weights_hash)} → {_short(b.module.weights_hash)}"
        yield f"other weights: hash {hashes}"
    elif a.module.module_hash != b.module.module_hash:
        yield "equal weights, but other code, checkpoint or embedding sizes"


def _protocol(place: Place) -> Iterator[str]:
    a, b = place.a[0].cell, place.b[0].cell
    for field in fields(Protocol):
        if field.name != "seed":
            name = "protocol version" if field.name == "version" else field.name.replace("_", " ")
            before, after = (getattr(cell.protocol, field.name) for cell in (a, b))
            yield from _fact(name, str(before), str(after))
    before, after = (
        ", ".join(str(file.cell.protocol.seed) for file in files) for files in (place.a, place.b)
    )
    yield from _fact("seeds", before, after)
    yield from _fact("type of embeddings", a.embedding_dtype, b.embedding_dtype)
    yield from _fact("own grid", a.task.own_grid, b.task.own_grid)


def _versions(a: str, b: str) -> Iterator[str]:
    """Of ``"python 3.11.2; torch 2.13.0"``, what differs; a package may be on one side only."""
    before, after = _packages(a), _packages(b)
    for name in dict.fromkeys(chain(before, after)):
        yield from _fact(name, before.get(name, ""), after.get(name, ""))


def _packages(versions: str) -> dict[str, str]:
    named = (each.rpartition(" ") for each in versions.split("; ") if each)
    return {name: version for name, _, version in named}


def _heads(a: Sequence[FoldScores], b: Sequence[FoldScores]) -> Iterator[str]:
    """Choices that differ: once if all folds agree on them, else with the number of folds."""
    for what in ("hyperparameters", "postprocessing"):
        before = [getattr(fold, what) for fold in a]
        after = [getattr(fold, what) for fold in b]
        for name in dict.fromkeys(chain.from_iterable([*before, *after])):
            yield from _choice(name, _column(before, name), _column(after, name))


def _choice(name: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    differ = sum(x != y for x, y in zip(before, after, strict=True))
    if differ and len(set(before)) == len(set(after)) == 1:
        yield from _fact(f"chosen {name}", before[0], after[0])
    elif differ:
        yield f"chosen {name} differs in {differ} of {len(before)} folds"


def _column(folds: Iterable[Mapping[str, object]], name: str) -> list[str]:
    return [str(fold.get(name, "")) for fold in folds]


def _fact(name: str, a: str, b: str) -> Iterator[str]:
    if a != b:
        yield f"{name} {a or 'unknown'} → {b or 'unknown'}"


def _short(digest: str) -> str:
    return digest[:8] or "unknown"
