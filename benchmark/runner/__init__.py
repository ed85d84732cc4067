"""Filling the cells of a run: the plan, the work on one cell, here or on a Ray cluster."""
