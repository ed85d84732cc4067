"""Which files this process reads: audited opens, and libraries that read by themselves."""

import contextlib
import hashlib
import importlib.util
import os
import sys
import sysconfig
from typing import Any, Dict

SYSTEM = ("/proc", "/dev", "/sys", "/etc")
READERS = ("sqlite3.connect",)  # audit events beside "open" that name a file first
UNHEARD = {  # modules and their function or class that reads a file without Python
    "safetensors": "safe_open",
    "torch.jit._serialization": "load",
    "soundfile": "SoundFile",
    "h5py": "File",
    "onnxruntime": "InferenceSession",
}


class Inputs:
    """Files that this process read: sources that it loaded and whatever it opened for reading.

    Not those of the standard library and of installed distributions, which their versions stand
    for, nor what is no file, nor what the process wrote itself.
    """

    def __init__(self) -> None:
        self._opened = {}  # type: Dict[str, bool]  # whether it was written
        paths = sysconfig.get_paths()
        folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
        self._left_out = tuple(os.path.join(path, "") for path in [*folders, *SYSTEM])
        if hasattr(sys, "addaudithook"):  # Python 3.8
            sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: Any) -> None:
        if event != "open" and event not in READERS:
            return
        path = arguments[0]
        flags = arguments[2] if event == "open" else None
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if isinstance(path, str):
            writes = bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))
            path = os.path.abspath(path)
            self._opened[path] = self._opened.get(path, False) or writes

    def reads(self, path: Any) -> None:
        """Take note of a file that a library reads by itself, unheard."""
        with contextlib.suppress(Exception):
            self._hear("open", (os.fspath(path), "r", 0))

    def hashes(self, checkpoint: str = "") -> Dict[str, str]:
        """SHA-256 of each file that is there by now.

        Args:
            checkpoint: A file or folder that is left out.
        """
        loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        paths = {os.path.abspath(file) for file in loaded if isinstance(file, str)}
        paths |= {path for path, written in list(self._opened.items()) if not written}
        ours = os.path.dirname(os.path.abspath(__file__))
        paths = {path for path in paths if os.path.dirname(path) != ours}
        given = os.path.abspath(checkpoint) if checkpoint else None
        found = {}
        for path in sorted(paths):
            inside = given and (path == given or path.startswith(os.path.join(given, "")))
            if not inside and self._counts(path):
                with contextlib.suppress(OSError):
                    found[path] = file_hash(path)
        return found

    def _counts(self, path: str) -> bool:
        parts = path.split(os.sep)
        installed = "site-packages" in parts or "dist-packages" in parts
        if installed or "__pycache__" in parts or path.endswith(".pyc"):
            return False
        return not path.startswith(self._left_out) and os.path.isfile(path)


def watch_readers(inputs: Inputs) -> None:
    """See what libraries read that open files without Python: they are wrapped when imported."""

    class Finder:
        @staticmethod
        def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
            if name not in UNHEARD:
                return None
            sys.meta_path.remove(Finder)
            try:
                spec = importlib.util.find_spec(name)
            finally:
                sys.meta_path.insert(0, Finder)
            if spec and hasattr(spec.loader, "exec_module"):
                loader: Any = _Wrapping(spec.loader, inputs)
                spec.loader = loader
            return spec

    sys.meta_path.insert(0, Finder)


class _Wrapping:
    """A loader that notes the files that one function of the module is given."""

    def __init__(self, loader: Any, inputs: Inputs) -> None:
        self._loader = loader
        self._inputs = inputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self._loader.exec_module(module)
        name, inputs = UNHEARD[module.__name__], self._inputs
        original = getattr(module, name, None)
        if original is None:
            return

        def noting(*args: Any, **kwargs: Any) -> Any:
            for value in [*args[:2], *kwargs.values()]:
                if isinstance(value, (str, bytes, os.PathLike)):
                    inputs.reads(value)
            return of_class(*args, **kwargs) if of_class else original(*args, **kwargs)

        of_class = getattr(original, "__init__") if isinstance(original, type) else None  # noqa: B009
        if of_class is object.__init__:  # it is made by __new__, as Rust's are
            of_class = None
        if of_class:
            try:  # so that it stays a class
                original.__init__ = noting
                return
            except TypeError:  # it is written in another language
                of_class = None
        setattr(module, name, noting)


def file_hash(path: str) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()
