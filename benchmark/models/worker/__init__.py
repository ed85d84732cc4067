"""HEAR modules in worker processes: of this Python, or of another one that ``--env`` names.

Whatever a module does to its process (exit, chdir, default types, threads, signals, prints, memory)
is its own row's affair. The package ``inside`` runs in the worker; the files beside it start the
worker and speak with it. To the rest of the benchmark such a module looks like any other
(``module.WorkerModule``), so that cache, checks and heads are the same.
"""
