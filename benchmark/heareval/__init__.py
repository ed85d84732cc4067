"""Exchange with hear-eval-kit: its embedding folders and its score files.

Source of the formats: heareval 2021.1.3, ``heareval.embeddings`` and ``heareval.predictions``.
"""
