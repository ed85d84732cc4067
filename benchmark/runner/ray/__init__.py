"""A run on a Ray cluster: ``msbench run --executor ray``.

What is done where: `tasks` holds the functions that run on workers, `work` hands one to the cluster
and sees it done even if its worker is lost, `cluster` connects, `nodes` asks every node whether it
sees the same files, `executor` knows which task needs which. Ray itself is imported nowhere before
a run asks for it.
"""
