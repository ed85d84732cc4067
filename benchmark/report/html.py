"""``leaderboard.html``: one page that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from benchmark.report.page.cell import Bar
from benchmark.report.page.numbers import end_text
from benchmark.report.page.page import GROUPS, page_of
from benchmark.report.page.protocol import protocol_facts, provenance
from benchmark.report.reading import overall_note
from benchmark.report.standings import Standings
from benchmark.table_notes import deviation_notes, table_notes

TEMPLATES = PackageLoader("benchmark.report")


def leaderboard_html(standings: Standings) -> str:
    """The page: a table to sort and filter, and all that must be known to trust it.

    Names, notes and reasons are other people's text: all of it is escaped. The page's policy
    (Content-Security-Policy) lets it run its own script and style, known by their hashes, and
    fetch nothing.
    """
    environment = _environment()
    style, script = _source(environment, "leaderboard.css"), _source(environment, "leaderboard.js")
    board = standings.board
    page = environment.get_template("leaderboard.html.j2").render(
        standings=standings,
        board=board,
        page=page_of(standings),
        sample_bar=Bar(48.0, 12.0, 88.0),
        groups=GROUPS,
        protocol=protocol_facts(standings),
        provenance=provenance(standings),
        notes=[*table_notes(board), *deviation_notes(board), *overall_note(standings)],
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    # A file name that was no UTF-8 is no text that could be written either.
    return page.encode("utf-8", "replace").decode("utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=TEMPLATES,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False}
    environment.filters["code"] = code
    environment.filters["end"] = end_text
    return environment


def code(text: str) -> Markup:
    """Escaped text, in which Markdown's backticks become ``<code>``."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(marked)


def _source(environment: Environment, name: str) -> Markup:
    text, _, _ = TEMPLATES.get_source(environment, name)
    return Markup(text)


def _policy(style: str, script: str) -> str:
    """Source: W3C, "Content Security Policy Level 3", sections 6.1 and 8.4 (hashes)."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
