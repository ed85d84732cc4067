"""Faults: every stage killed at random moments, and the machine failing under it.

``python -m tests.faults --kills 100`` measures; ``docs/faults.md`` has the tables.
"""
