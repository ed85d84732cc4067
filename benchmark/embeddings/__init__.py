"""From a task's audio to rows of embeddings on disk: batches, splits, cache."""
