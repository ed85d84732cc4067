"""Adapters: each makes other people's checkpoints HEAR modules, e.g. those of transformers."""
