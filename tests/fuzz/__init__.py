"""Fuzzing of everything that reads other people's files; run on its own, see ``__main__``."""
