"""Making a faulty file of a good one: on bytes, on JSON, and on tar headers with right sums."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 3, 2**31, 2**63, 10**400, 0.5, -0.0, 1e-320, 1e308),
    *(float("nan"), float("inf"), float("-inf"), "", " ", ".", "..", "/", "a/b", "../x", "a\\b"),
    *("\0", "\n", "\x1b[31m", "\ud800", "‮", "é" * 200, "NaN", "Infinity", "1e999", "cat"),
    *([], {}, [[]], [None], [{}], {"": {}}, ["cat", "cat"], [1, 2], {"label": "cat"}),
)
PIECES = (
    b"\0",
    b"\xff",
    b"\n",
    b"\r",
    b'"',
    b",",
    b"{",
    b"[",
    b"../",
    b"\xef\xbb\xbf",
    b"9" * 5000,
)


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """Change a byte or two, cut, repeat, remove or put in a stretch."""
    changed = bytearray(data or b"\0")
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        place = random.randrange(len(changed) + 1)
        stretch = slice(place, place + random.choice((1, 2, 4, 8, 64, 512)))
        kind = random.randrange(6)
        if kind == 0:
            del changed[place:]
        elif kind == 1:
            changed[stretch] = bytes(random.randrange(256) for _ in changed[stretch])
        elif kind == 2:
            del changed[stretch]
        elif kind == 3:
            changed[place:place] = changed[stretch]
        elif kind == 4:
            changed[place:place] = random.choice(PIECES)
        elif place < len(changed):
            changed[place] ^= 1 << random.randrange(8)
    return bytes(changed)


def mutate_json(data: bytes, random: Random) -> bytes:
    """Change a value or a key of a JSON file; a tenth of the time, or if it is none, its bytes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return mutate_bytes(data, random)
    places = [*_places(value)]
    if not places or random.random() < 0.1:
        return mutate_bytes(data, random)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        _change(places, random)
    return json.dumps(value).encode()


def _change(places: list[tuple[Any, Any]], random: Random) -> None:
    holder, key = random.choice(places)
    here = holder[key] if isinstance(holder, list) and key < len(holder) else None
    if isinstance(holder, dict):
        here = holder.get(key)
    kind = random.randrange(8)
    if kind == 0 and isinstance(holder, dict):
        holder.pop(key, None)
    elif kind == 1 and isinstance(holder, dict):
        holder[str(random.choice(HOSTILE))] = here
    elif kind == 2 and isinstance(holder, list):
        holder.append(here)
    elif kind == 3 and isinstance(holder, list):
        del holder[key : key + 1]
    else:
        other, at = random.choice(places)
        donor = other.get(at) if isinstance(other, dict) else None
        new = random.choice(HOSTILE) if kind < 7 else json.loads(json.dumps(donor))
        if isinstance(holder, dict) or key < len(holder):
            holder[key] = json.loads(json.dumps(new))


def _places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every (list, index) and (object, key) in a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _places(inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield value, index
            yield from _places(inner)


def with_right_sums(tar: bytes) -> bytes:
    """A tar file whose headers have the sums of what is in them now.

    Else every change of a header would be found by its sum, and nothing behind it be tested.
    """
    fixed = bytearray(tar)
    for start in range(0, len(fixed) - 511, 512):
        if fixed[start + 257 : start + 262] == b"ustar":
            fixed[start + 148 : start + 156] = b" " * 8
            total = sum(fixed[start : start + 512])
            fixed[start + 148 : start + 156] = f"{total:06o}\0 ".encode()
    return bytes(fixed)
