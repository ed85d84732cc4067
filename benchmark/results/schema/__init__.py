"""A cell's JSON: read against its dataclasses, and described by the JSON schema made from them.

``cell-N.json`` beside this file is the schema of version N (JSON Schema, draft 2020-12), for people
and for readers in other languages. ``python -m benchmark.results.schema`` writes it anew; a test
fails where it differs from the dataclasses of `benchmark.results.cells`. Reading does not go
through it: the same type hints, walked by `benchmark.results.schema.typed_json`, give file, key and
what is wrong in one sentence, and need no validator (the usual one takes 0.7 s to import and
compiled packages).

To add, remove or rename a field, raise ``benchmark.results.cells.SCHEMA`` and let
`benchmark.results.schema.cell_json` turn files of the version before into new ones. A field with a
default may be absent from them.
"""
