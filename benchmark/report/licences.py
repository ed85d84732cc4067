"""What a licence of weights allows, in few plain words; no legal advice.

Source: "SPDX Specification 2.3", annex D (expressions), and the SPDX list of licences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

Use = Literal["free", "copyleft", "noncommercial", "unknown"]

USES: Final[dict[Use, str]] = {
    "free": "free, also for commercial use",
    "copyleft": "free, but under the same licence (copyleft)",
    "noncommercial": "not for commercial use",
    "unknown": "licence not known",
}

# Beginnings of identifiers, in small letters. What is not here is not known.
NONCOMMERCIAL = re.compile(r".*(-nc\b|non-?commercial).*")
COPYLEFT = re.compile(r"(a?gpl|lgpl|mpl|eupl|epl|cddl|osl|cecill-[12]|cc-by-sa|cpal|ms-rl)(-.*)?")
FREE = re.compile(
    r"(mit|apache|bsd|isc|0bsd|cc0|cc-by-\d.*|unlicense|zlib|bsl|psf|python|pddl|odc-by|wtfpl|afl"
    r"|cdla-permissive|ms-pl|artistic|ncsa|postgresql|upl|mulanpsl|blueoak|cecill-b)(-.*)?"
)
OF_BOTH: Final[Sequence[Use]] = ("free", "copyleft", "unknown", "noncommercial")  # AND: the last
OF_EITHER: Final[Sequence[Use]] = ("free", "copyleft", "noncommercial", "unknown")  # OR: the first


def use_of(licence: str) -> Use:
    """What an SPDX expression allows; what cannot be read, or is not known, is ``"unknown"``.

    Args:
        licence: E.g. ``"Apache-2.0"`` or ``"MIT OR CC-BY-NC-4.0"``; any text, also none.
    """
    words = re.findall(r"[()]|[^\s()]+", licence)
    try:
        use = _either(words)
    except (IndexError, RecursionError):
        return "unknown"
    return "unknown" if words else use


def _either(words: list[str]) -> Use:
    uses = [_both(words)]
    while words and words[0].upper() == "OR":
        words.pop(0)
        uses.append(_both(words))
    return min(uses, key=OF_EITHER.index)


def _both(words: list[str]) -> Use:
    uses = [_one(words)]
    while words and words[0].upper() == "AND":
        words.pop(0)
        uses.append(_one(words))
    return max(uses, key=OF_BOTH.index)


def _one(words: list[str]) -> Use:
    """An identifier, perhaps with an exception, or what brackets hold; it is taken off."""
    name = words.pop(0)
    if name == "(":
        use = _either(words)
        if words.pop(0) != ")":
            raise IndexError
        return use
    if words and words[0].upper() == "WITH":
        del words[:2]  # exceptions allow more, never less
    name = name.casefold()
    if NONCOMMERCIAL.fullmatch(name):
        return "noncommercial"
    if "-nd" in name:  # no derivatives: neither of the kinds above
        return "unknown"
    if COPYLEFT.fullmatch(name):
        return "copyleft"
    return "free" if FREE.fullmatch(name) else "unknown"
