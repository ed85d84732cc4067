"""Which environment variables a module's own code read."""

import hashlib
import os
import sys
from typing import Any, Dict, Iterator, List, Optional

from .inputs import Inputs, absolute

ASKERS = ("<frozen os>", "<frozen _collections_abc>", "os.py", "_collections_abc.py")
# Who and where: files that are found through them count by their content.
LEFT_OUT = (
    *("HOME", "USER", "LOGNAME", "HOSTNAME", "PATH", "PYTHONPATH", "PWD", "OLDPWD", "SHLVL", "_"),
    *("TMPDIR", "TERM", "COLUMNS", "LINES", "RANK", "WORLD_SIZE", "LOCAL_RANK"),
)
LEFT_OUT_GROUPS = ("MSBENCH_", "SSH_", "SLURM_", "XDG_", "MASTER_", "RAY_")


class Variables:
    """Environment variables that code outside of libraries read, with what they were then."""

    def __init__(self, inputs: Inputs) -> None:
        self._read: Dict[str, Optional[str]] = {}
        self._own = set()  # type: set[str]  # that the module set itself
        self._listing = 0  # lists of all variables that are being made
        self._copied: List[str] = []  # names that were listed and will be asked for in this order
        watch = self

        class Noting(type(os.environ)):  # type: ignore[misc]
            def __getitem__(self, name: str) -> str:
                try:
                    value = super().__getitem__(name)
                except KeyError:
                    watch._note(name, None, inputs)
                    raise
                watch._note(name, value, inputs)
                return str(value)

            def __setitem__(self, name: str, value: str) -> None:
                watch._own.add(name)
                super().__setitem__(name, value)

            def __iter__(self) -> Iterator[str]:
                names = list(super().__iter__())
                watch._listing += 1
                try:
                    yield from names
                    watch._copied = names
                finally:
                    watch._listing -= 1

        os.environ.__class__ = Noting

    def _note(self, name: Any, value: Optional[str], inputs: Inputs) -> None:
        left_out = not isinstance(name, str) or name in LEFT_OUT or name.startswith(LEFT_OUT_GROUPS)
        if self._copied and self._copied.pop(0) == name:  # dict(os.environ)
            return
        self._copied = []
        if left_out or self._listing or name in self._own or name in self._read:
            return
        frame: Any = sys._getframe(2)
        while frame and frame.f_code.co_filename.endswith(ASKERS):
            frame = frame.f_back
        file = frame.f_code.co_filename if frame else "<frozen>"
        if not file.startswith("<frozen") and inputs.is_of_module(absolute(file)):
            self._read[name] = value

    def hashes(self) -> Dict[str, str]:
        """By "$NAME": SHA-256 of how Python writes the value, None where there was none."""
        return {
            "$" + name: hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()
            for name, value in self._read.items()
        }
