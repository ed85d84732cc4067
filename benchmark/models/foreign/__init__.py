"""HEAR modules in another Python interpreter: other torch, TensorFlow, another Python.

``worker.py`` runs there and is the only file that does; the others start it and speak with it. To
the rest of the benchmark a foreign module looks like any other (``module.ForeignModule``), so that
cache, checks and heads are the same.
"""
