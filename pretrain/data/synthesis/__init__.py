"""Synthesised audio for pretraining: notes, melodies, tones, glides, bells, noises, clicks, scenes.

This generator is independent of ``benchmark/tasks/embedded``, which makes an evaluation task: it
imports nothing from there and none of its ranges, timbres or laws was taken from there. Every
range in this package is our own choice, wide on purpose: variety is what these clips are for.
"""

from pretrain.data.synthesis.clips import synthetic_clips, synthetic_names
from pretrain.data.synthesis.extend import with_synthetic_clips

__all__ = ["synthetic_clips", "synthetic_names", "with_synthetic_clips"]
