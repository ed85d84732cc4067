"""Pretraining of the msssl_hear encoder: clip, frame and pitch sampling strategies.

Importing this package sets ``OMP_WAIT_POLICY=PASSIVE`` before torch starts its threads: where cores
are shared, spinning OpenMP threads cost several times the work's own time.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
