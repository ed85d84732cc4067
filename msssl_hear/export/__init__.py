"""The encoder outside this package: one file from waveform to embeddings, front end included.

A folder of its own, and not files beside ``model.py``: the content of every ``msssl_hear/*.py``
is in the keys of cached embeddings, and what is here changes no embedding.

Example:
    >>> from pathlib import Path
    >>> import msssl_hear
    >>> from msssl_hear.export import export_encoder
    >>> export_encoder(msssl_hear.load_model("multi"), Path("multi.onnx"), "onnx")
"""

from msssl_hear.export.file import Exported, Format, export_encoder

__all__ = ["Exported", "Format", "export_encoder"]
