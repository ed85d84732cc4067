"""Helpers of a module that bear the names of msssl-hear's packages."""

import importlib.machinery
import os
import sys
from typing import Any

OUR_NAMES = ("benchmark", "pretrain", "msssl_common", "msssl_hear")


def prefer_own_helpers(name: str) -> None:
    """Let a module import its own ``benchmark`` or ``pretrain``, not what we call so.

    Folders of these names are common in repositories of models, and the benchmark's interpreter
    has ours on its path. They are looked for where the module lies.

    Args:
        name: The module's import name.
    """
    top = name.partition(".")[0]
    spec = None if top in OUR_NAMES else importlib.machinery.PathFinder.find_spec(top)
    if spec is None or not spec.has_location or not spec.origin:
        return
    place = os.path.dirname(spec.origin)
    folder = os.path.dirname(place) if spec.submodule_search_locations else place

    class Finder:
        @staticmethod
        def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
            if path is not None or name not in OUR_NAMES:
                return None
            found = importlib.machinery.PathFinder.find_spec(name, [folder])
            return found if found and found.has_location else None  # not a folder of data

    sys.meta_path.insert(0, Finder)
