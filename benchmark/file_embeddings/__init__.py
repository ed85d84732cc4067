"""Embeddings of any audio files, in shards: what ``msbench embed`` and ``embed_files`` do."""
