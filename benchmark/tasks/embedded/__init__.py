"""The embedded suite: three small synthetic tasks that need no download.

``suite.py`` makes and caches them; ``scene.py``, ``event.py`` and ``pitch.py`` say what each clip
is; the other files are the synthesis they share. Audio is float64, shape (samples,), at 16 kHz
until ``writing.py`` rounds it to 16 bits. Every clip has a random generator of its own, seeded by
task, split and number, so clips may be made in any order and by any number of processes.

The same machine always makes the same bytes. Another processor or NumPy may compute a sine or an
FFT with another last bit, which can move a few samples by one step of 16 bits, and nothing more.
"""
