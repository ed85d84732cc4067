"""One training in several processes: shares of the joint batch, gathered negatives, launching."""
