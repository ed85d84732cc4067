"""Baselines, each a HEAR module of its own: run them by name, or with any other HEAR tool."""
