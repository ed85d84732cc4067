"""``msbench tasks get``: from HEAR's published archives to checked task folders.

``origin.py`` finds an archive, ``download.py`` fetches it, ``archive.py`` reads it with suspicion,
``build.py`` makes the task folder, ``verify.py`` checks it, ``get_task.py`` puts it in place.
"""
