"""A run on a Ray cluster: ``msbench run --executor ray``.

What is done where: `benchmark.runner.parallel` has the tasks of a run and knows which needs which,
`work` hands one to the cluster and sees it done even if its worker is lost, `cluster` connects and
asks every node whether it sees the same files. Ray itself is imported nowhere before a run asks for
it.
"""
