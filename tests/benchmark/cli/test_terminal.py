"""What a run says of a long step where its output is no terminal."""

import io

import pytest
from rich.console import Console

from benchmark.cli import terminal


@pytest.mark.parametrize(("since", "said"), [(61.0, True), (59.0, False)])
def test_a_long_step_says_how_far_it_is(
    since: float, said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    out = io.StringIO()
    with terminal.RunProgress(Console(file=out, width=80)) as progress:
        advance = progress.step("Embedding birds")
        now[0] += since
        advance(3, 10)
        advance(4, 10)  # at once: no second line
    assert out.getvalue().count("Embedding birds: 3 of 10\n") == int(said)
    assert "4 of 10" not in out.getvalue()
