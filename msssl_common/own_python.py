"""Start Python on our own packages, also in a folder that has others of the same names.

``python -m pretrain`` runs whatever ``pretrain`` the working folder holds, because that folder
comes first on the new interpreter's path. Folders of that name are common where audio models are
trained.
"""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("msssl_common", "msssl_hear", "pretrain", "benchmark")

# The first finder to be asked. What is not ours is found as ever.
_PROGRAM = f"""
import runpy, sys
from importlib.machinery import PathFinder
class OwnPackages:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [{str(_ROOT)!r}]) if name in {_PACKAGES!r} else None
sys.meta_path.insert(0, OwnPackages)
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def own_python(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules in another process of this interpreter.

    Args:
        module: Of ours, as after ``python -m``.
        arguments: The module's own, strings.

    Returns:
        For `subprocess` and the like; the first item is the interpreter.
    """
    return [sys.executable, "-c", _PROGRAM, module, *arguments]
