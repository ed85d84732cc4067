"""The embedded suite: three small synthetic tasks that need no download.

``suite.py`` makes and caches them; ``scene.py``, ``event.py`` and ``pitch.py`` say what each clip
is; the other files are the synthesis they share. Audio is float64, shape (samples,), at 16 kHz
until ``writing.py`` rounds it to 16 bits. Every clip has random numbers of its own, seeded by task,
split and number, so clips may be made in any order and by any number of processes.

Every platform makes the same bytes. The synthesis uses only what IEEE 754 or integers fix to the
last bit: ``exact_math.py`` and ``fourier.py`` stand in for NumPy's sine, power and FFT,
``draws.py`` for its random variates; sums over an array are ``math.fsum``, of integers, or one
element after the other. Keep to that: no ``np.sin``, ``**``, ``np.sum``, ``np.dot``, ``np.interp``
or complex product. Each recipe has the hash of its task, against which a made one is checked.
"""
