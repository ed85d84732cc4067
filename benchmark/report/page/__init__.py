"""What ``leaderboard.html`` shows, worked out before a template writes it down."""
