"""Tests; the folders mirror those of the packages."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # of the repository
