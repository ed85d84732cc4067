"""Leaderboards from result files alone: intervals, ranks, overall scores, and their tables."""
