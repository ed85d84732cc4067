"""One loss per file: clip (COLA), frame (two views), pitch (relative shift)."""
