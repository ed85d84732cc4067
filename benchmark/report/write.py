"""The files of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from benchmark.report.few_shot import FewShotScore, few_shot_curve, shots_folder, write_few_shot
from benchmark.report.page.page import leaderboard_html
from benchmark.report.seed_groups import SeedGroups
from benchmark.report.standings import Leaderboard
from benchmark.report.tables.long import long_csv
from benchmark.report.tables.markdown import leaderboard_markdown, short_markdown
from benchmark.report.tables.over_seeds import over_seeds_markdown, seed_pairs_csv, seeds_csv
from benchmark.report.tables.pairs import pairs_csv
from benchmark.report.tables.scores import scores_csv
from benchmark.report.tables.wide import wide_csv
from msssl_common.files import write_text


def markdown_with_seeds(standings: Leaderboard) -> str:
    """``leaderboard.md``, with the section over training seeds where groups are named."""
    seeds = over_seeds_markdown(standings.over_seeds) if standings.over_seeds else ""
    return "\n".join(part for part in (leaderboard_markdown(standings), seeds) if part)


PAGE = "leaderboard.html"
SEED_TABLES: dict[str, Callable[[SeedGroups], str]] = {
    "leaderboard_seeds.csv": seeds_csv,
    "leaderboard_seed_pairs.csv": seed_pairs_csv,
}
TABLES: dict[str, Callable[[Leaderboard], str]] = {
    "leaderboard.md": markdown_with_seeds,
    "leaderboard_short.md": short_markdown,
    PAGE: leaderboard_html,
    "leaderboard.csv": wide_csv,
    "leaderboard_long.csv": long_csv,
    "leaderboard_pairs.csv": pairs_csv,
    "scores.csv": lambda standings: scores_csv(standings.board),
}


def write_report(
    standings: Leaderboard,
    out: Path,
    pictures: Sequence[Path] = (),
    curve: Sequence[FewShotScore] = (),
) -> None:
    """Write all tables into a folder, which is made if need be.

    Args:
        standings: What they show.
        out: The folder.
        pictures: Files in it, which the page links to.
        curve: Scores of all numbers of training clips, where this leaderboard is one of several.
    """
    for name, table in TABLES.items():
        if name != PAGE:
            write_text(out / name, table(standings))
    if standings.over_seeds and standings.over_seeds.rows:
        for name, seed_table in SEED_TABLES.items():
            write_text(out / name, seed_table(standings.over_seeds))
    links = [quote(path.relative_to(out).as_posix()) for path in pictures]
    write_text(out / PAGE, leaderboard_html(standings, links, curve))


def write_few_shot_report(
    boards: Mapping[int, Leaderboard],
    out: Path,
    pictures: Mapping[int, Sequence[Path]] | None = None,
) -> list[FewShotScore]:
    """Write the tables of every number of training clips, whose pages show the curve, and its sum.

    Args:
        boards: By number of clips, ascending.
        out: The folder of the curve.
        pictures: Files in the folder of each number, which its page links to.

    Returns:
        The curve.
    """
    curve = few_shot_curve(boards)
    for shots, board in boards.items():
        links = pictures[shots] if pictures else ()
        write_report(board, shots_folder(out, shots), links, curve)
    write_few_shot(curve, out)
    return curve
