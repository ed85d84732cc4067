"""The public HEAR leaderboard: scores as published, to stand beside one's own."""

from benchmark.report.published.scores import (
    MATCHED_BY,
    NOTES,
    PublishedScore,
    published_for,
    published_label,
    published_scores,
)

__all__ = [
    "MATCHED_BY",
    "NOTES",
    "PublishedScore",
    "published_for",
    "published_label",
    "published_scores",
]
