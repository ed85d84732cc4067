"""The leaderboard as files: CSV wide and long, Markdown whole and short, pairs, all scores."""
