"""Tables of a measurement between two marks of a page that is written by hand."""

import re
from collections.abc import Sequence
from pathlib import Path

from msssl_common.files import write_text


def fill_page(page: Path, mark: str, lines: Sequence[str]) -> None:
    """Put lines between ``<!-- mark -->`` and ``<!-- /mark -->``.

    Raises:
        ValueError: The page has not one such place.
    """
    text = page.read_text(encoding="utf-8")
    start, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    place = re.compile(f"{re.escape(start)}\n.*?{re.escape(end)}", re.DOTALL)
    filled = "\n".join([start, *lines, end])
    text, count = place.subn(lambda _: filled, text)
    if count != 1:
        raise ValueError(f"{page} has {count} places {start} ... {end}, not one")
    write_text(page, text)
