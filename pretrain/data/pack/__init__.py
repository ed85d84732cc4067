"""Audio of any kind into webdataset shards, with a manifest: ``mspretrain pack``.

Shards are plain tar files in webdataset's naming (``KEY.flac`` beside ``KEY.json``), written with
``tarfile``: the library's own writer stamps the time and the user into every file, and shards are
to be the same bytes whenever and by whomever they are made.
"""
