"""``msbench score``: folder by folder, a line each; one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmark.interchange.score_folder import ScoredFolder, score_folder
from benchmark.protocol import Protocol
from benchmark.terminal import bar
from msssl_common.messages import failure_reason


def score_folders(
    folders: Sequence[Path],
    protocol: Protocol,
    out: Path | None,
    force: bool,
    device: str,
    console: Console,
    debug: bool,
) -> int:
    """Score folders and print a line for each; see `score_folder`.

    Returns:
        Number of folders that failed.
    """
    failed = 0
    for folder in folders:
        try:
            with bar(console, f"{folder}: training heads") as advance:
                scored = score_folder(folder, protocol, out, force, device, advance)
            outcome = _outcome(scored)
        except Exception as error:
            failed += 1
            outcome = f"failed: {failure_reason(error, debug)}"
        console.print(f"{folder}  {outcome}", markup=False, soft_wrap=True)
    return failed


def _outcome(scored: ScoredFolder) -> str:
    value, std = scored.primary
    spread = "" if std is None else f" ± {std:.3f}"
    kept = " (finished earlier)" if scored.kept else ""
    return f"{scored.score_name} {value:.3f}{spread}, {scored.file}{kept}"
