"""Tasks in HEAR's on-disk format, and the embedded suite of synthetic ones."""
