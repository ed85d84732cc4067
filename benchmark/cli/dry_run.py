"""What ``msbench run --dry-run`` shows."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.runner.preview import Preview, PreviewRow


def print_preview(console: Console, preview: Preview) -> None:
    """A row per module and task, then what all of it comes to."""
    table = Table()
    for head in ("row", "task"):
        table.add_column(head)
    for head in ("clips", "audio", "to embed", "embeddings", "finished", "to train"):
        table.add_column(head, justify="right")
    for row in preview.rows:
        table.add_row(Text(row.label), Text(row.task), *_columns(row))
    console.print(table)
    for row in preview.rows:
        if row.reason:
            console.print(Text(f"{row.label} on {row.task} fails: {row.reason}"), soft_wrap=True)
    console.print(Text(_sum(preview)), soft_wrap=True)


def _columns(row: PreviewRow) -> list[str]:
    if row.reason:
        return ["–"] * 5 + ["fails"]
    stored = "–" if row.missing_bytes is None else _size(row.missing_bytes)
    done = row.finished == row.cells
    return [
        str(row.clips),
        _duration(row.audio_seconds),
        "–" if done else "cached" if row.cached else _duration(row.missing_audio_seconds),
        "–" if row.cached else stored,
        f"{row.finished} of {row.cells}",
        f"{row.trainings} heads" if row.trainings else "–",
    ]


def _sum(preview: Preview) -> str:
    events = any(row.missing_bytes is None and row.missing_clips for row in preview.rows)
    more = " and those of event tasks, whose frames only the module knows" if events else ""
    return (
        f"This run would embed {_duration(preview.audio_seconds)} of audio into "
        f"{_size(preview.bytes)} of embeddings{more}, and train {preview.trainings} heads. "
        "Nothing of it was done."
    )


def _duration(seconds: float) -> str:
    """``0.1 h``, or ``12 s`` below 6 minutes."""
    return f"{seconds / 3600:.1f} h" if seconds >= 360 else f"{seconds:.0f} s"


def _size(count: int) -> str:
    """Bytes in a unit of which there are not too many."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"
