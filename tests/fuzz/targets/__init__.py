"""One reader per file, each with a ``TARGET``."""
