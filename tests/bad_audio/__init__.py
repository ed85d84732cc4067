"""Faulty audio files, made by code, and what every reader makes of them."""
