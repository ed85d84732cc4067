"""The HEAR benchmark: tasks, embeddings, shallow heads, scores and leaderboards.

Importing this package sets ``OMP_WAIT_POLICY=PASSIVE`` before torch starts its threads: where cores
are shared, spinning OpenMP threads cost several times the work's own time.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
