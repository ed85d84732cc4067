"""Which published scores may stand in a table beside one's own."""

from __future__ import annotations

from typing import Final

from benchmark.protocol import GRID_POINTS, Protocol
from benchmark.published.scores import PublishedScore, published_scores

# To be said under every table with published rows.
MATCHED_BY: Final = (
    "Published rows are copied from the public HEAR leaderboard, not run here. They join a column "
    "by the task's folder name (which holds its version) and its score; that the audio is the same "
    "cannot be known, as the leaderboard has no hashes of tasks. They have no predictions, and so "
    "no intervals and no tests."
)


def published_for(task: str, score: str, protocol: Protocol) -> list[PublishedScore]:
    """Published scores that may join a column; none unless all of it is as published.

    Args:
        task: Folder name of the task; HEAR's have the form ``{name}-{version}-{mode}``, so that
            another version, a subset or a remix has another name.
        score: The task's first score.
        protocol: How the column's own scores were made: joined only with HEAR's grid, its number
            of grid points and its rules. The mode and the seed are free, as they move scores no
            more than upstream's own seeds do.
    """
    as_published = (
        protocol.grid == "default"
        and protocol.rules == "published"
        and protocol.grid_points == GRID_POINTS
    )
    if not as_published:
        return []
    return [row for row in published_scores() if (row.task, row.score) == (task, score)]
