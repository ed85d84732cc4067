"""Audio for training: a folder or shards, crops, synthetic clips."""
