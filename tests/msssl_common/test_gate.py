"""The gate for foreign text, and the tables that are safe in a spreadsheet."""

import io
import re

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from msssl_common import program
from msssl_common.console import GatedConsole
from msssl_common.csv_tables import csv_table, original_text, plain_cell, read_csv_table
from msssl_common.messages import (
    LONGEST,
    explain_error,
    one_printable_line,
    printable,
    printable_lines,
    say,
)
from msssl_common.program import run_program
from tests import ROOT
from tests.hostile import HOSTILE, assert_csv_is_safe, assert_printed_well

ANY = st.text(st.characters(codec=None), max_size=60)


@given(ANY)
def test_whatever_comes_is_one_line_that_can_be_written(text: str) -> None:
    for shown in (printable(text), one_printable_line(text), explain_error(ValueError(text))):
        assert_printed_well(shown)
        assert "\n" not in shown
    assert one_printable_line(one_printable_line(text)) == one_printable_line(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=60))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


def test_what_is_long_says_how_long() -> None:
    shown = one_printable_line("a" * 4_000_000 + "z" * 1_000_000)
    assert "a… (5,000,000 characters) …z" in shown
    assert len(shown) == LONGEST
    assert one_printable_line(shown) == shown
    assert printable("a" * LONGEST) == "a" * LONGEST


def test_control_characters_are_spelt_out() -> None:
    assert printable("\x1b[31m") == r"\x1b[31m"
    assert printable("\u202e\udcff\x9b\x00") == r"\u202e\udcff\x9b\x00"
    assert printable("a\u2028b\r\nc") == "a b c"
    assert printable_lines("a\nb\x1b") == "a\nb\\x1b"


@given(ANY)
def test_a_cell_gives_its_text_back(text: str) -> None:
    assert original_text(plain_cell(text)) == text


def test_tables_are_safe_and_read_again() -> None:
    rows = [{"label": text, "value": -0.5, "count": -3} for text in HOSTILE.values()]
    table = csv_table(["label", "value", "count"], rows)
    assert_csv_is_safe(table)
    found = read_csv_table(table)
    assert [row["label"] for row in found] == [one_printable_line(t) for t in HOSTILE.values()]
    assert {(row["value"], row["count"]) for row in found} == {("-0.5", "-3")}
    assert ",-0.5,-3\n" in table


def test_text_that_is_a_number_is_left_alone() -> None:
    for text in ("-1", "+1.5e-3", "-inf", "-.5"):
        assert plain_cell(text) == text
    assert plain_cell("-1+1") == "'-1+1"
    assert plain_cell("a; =1") == "a; '=1"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_console_obeys_nothing_however_it_is_told(text: str) -> None:
    console = GatedConsole(file=io.StringIO(), width=80)
    table = Table(text, title=text)
    table.add_row(text)
    table.add_row(Text(text))
    for each in (text, Text(text), Text.assemble(("a", "red"), text), table):
        console.print(each)
        console.print(each, soft_wrap=True)
    assert_printed_well(console.file.getvalue())  # type: ignore[attr-defined]


def test_a_terminal_gets_the_styles_and_nothing_else() -> None:
    look = {"force_terminal": True, "color_system": "standard", "no_color": False}
    console = GatedConsole(file=io.StringIO(), width=80, **look)
    console.print(Text("\x1b]0;x\x07", style="red"))
    assert console.file.getvalue() == "\x1b[31m\\x1b]0;x\x1b[0m\n"  # type: ignore[attr-defined]


def test_lines_that_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    for text in HOSTILE.values():
        say(text)
        say(text, err=True)
    out, err = capsys.readouterr()
    assert_printed_well(out)
    assert out == err


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_how_programs_end_is_printed_well(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "_runs", False)  # and again afterwards: this process is no program

    def failing(error: Exception) -> click.Command:
        def fail() -> None:
            raise error

        return click.Command("x", callback=fail)

    for error in (click.UsageError(text), click.ClickException(text), RuntimeError(text)):
        with pytest.raises(SystemExit) as end:
            run_program("x", lambda error=error: failing(error))  # type: ignore[misc]
        assert end.value.code in (1, 2)
    assert_printed_well(capsys.readouterr().err)


def test_nothing_is_printed_past_the_gate() -> None:
    """Commands print by `say` or a `GatedConsole`; JSON is safe as it is."""
    past = re.compile(r"click\.echo\((?!as_json)|(?<![A-Za-z])Console\(")
    for package in ("benchmark", "pretrain", "msssl_hear"):
        for path in (ROOT / package).rglob("*.py"):
            assert not past.search(path.read_text("utf-8")), path
