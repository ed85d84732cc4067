"""``msbench tasks get``: from HEAR's published archives to checked task folders.

``origin.py`` finds an archive, ``archive.py`` reads it without trusting it, ``resample.py``
converts its clips, ``workplace.py`` holds and checks the unfinished task, and ``get_task.py`` puts
these together. `msssl_common.download` downloads.
"""
