"""``python -m tests.faults [STAGE ...]``: measure, and write docs/faults.md."""

from __future__ import annotations

import os
import sys

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

if any(os.environ.get(name) != "1" for name in THREADS):  # read when NumPy and torch are imported
    os.environ.update(dict.fromkeys(THREADS, "1"))
    os.execv(sys.executable, [sys.executable, "-m", "tests.faults", *sys.argv[1:]])

from tests.faults.measure import main  # noqa: E402

main()
