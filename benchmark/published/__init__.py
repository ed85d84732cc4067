"""The public HEAR leaderboard: scores as published, to stand beside one's own."""

from benchmark.published.matching import MATCHED_BY, published_for
from benchmark.published.notes import NOTES
from benchmark.published.scores import PublishedScore, published_label, published_scores

__all__ = [
    "MATCHED_BY",
    "NOTES",
    "PublishedScore",
    "published_for",
    "published_label",
    "published_scores",
]
