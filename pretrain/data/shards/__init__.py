"""Shards made by ``mspretrain pack``, as training reads them: held in memory or as a stream."""
