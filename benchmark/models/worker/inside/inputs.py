"""Which files this process reads: audited opens, and libraries that read by themselves."""

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import os
import shlex
import sys
import sysconfig
import warnings
from typing import Any, Dict, Iterable, Set

SYSTEM = ("/proc", "/dev", "/sys", "/etc")
MEMORY_DISK = "/dev/shm/"  # files like any others
PARTS_OF_A_SYSTEM = ("/usr/", "/lib", "/bin/")  # of which mapped files are libraries' own
READERS = ("sqlite3.connect", "ctypes.dlopen")  # audit events beside "open" that name a file first
COMMANDS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")  # that name any
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
    for, nor what is no file, nor what the process wrote itself. Of a file that it read and wrote
    later, what it read counts.
    """

    def __init__(self) -> None:
        self._opened = {}  # type: Dict[str, bool]  # whether it was written
        self._updated = {}  # type: Dict[str, Any]  # opened for both: what it was like before
        self._before = {}  # type: Dict[str, str]  # SHA-256 of what was read and then written
        self._busy = False
        self._ours = os.path.dirname(os.path.abspath(__file__))
        paths = sysconfig.get_paths()
        folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
        self._left_out = tuple(os.path.join(path, "") for path in [*folders, *SYSTEM])
        if hasattr(sys, "addaudithook"):  # Python 3.8
            sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: Any) -> None:
        if self._busy:
            return
        if event in COMMANDS:
            self._command(arguments)
        elif event == "open" or event in READERS:
            flags = arguments[2] if event == "open" else None
            self._note(arguments[0], flags if isinstance(flags, int) else 0)

    def _note(self, path: Any, flags: int) -> None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str) or not path:
            return
        path = absolute(path)
        if flags & os.O_RDWR and not flags & os.O_TRUNC:  # it may only be read, or mapped
            self._updated.setdefault(path, _looks(path))
        writes = bool(flags & (os.O_WRONLY | os.O_TRUNC))
        if writes and self._opened.get(path) is False and path not in self._before:
            self._remember(path)
        self._opened[path] = self._opened.get(path, False) or writes

    def _remember(self, path: str) -> None:
        """Keep the hash of what is about to be written."""
        self._busy = True
        with contextlib.suppress(OSError):
            if self._counts(path):
                self._before[path] = file_hash(path)
        self._busy = False

    def _command(self, arguments: Any) -> None:
        """Take note of the files that another program is given by name."""
        words = []  # type: Any
        for argument in arguments[:2]:
            words += argument if isinstance(argument, (list, tuple)) else [argument]
        for word in words:
            with contextlib.suppress(Exception):
                text = os.fsdecode(word)
                for part in [text, *shlex.split(text)]:
                    if os.path.isfile(part):
                        self._note(part, 0)

    def reads(self, path: Any) -> None:
        """Take note of a file that a library reads by itself, unheard."""
        with contextlib.suppress(Exception):
            self._note(os.fspath(path), 0)

    def hashes(self, known: Iterable[str] = ()) -> Dict[str, str]:
        """SHA-256 of each file that is there by now.

        Args:
            known: Paths that are left out.
        """
        loaded = [attribute(module, "__file__") for module in list(sys.modules.values())]
        paths = {absolute(file) for file in loaded if isinstance(file, str)}
        paths |= {_source(path) for path, wrote in list(self._opened.items()) if not wrote}
        paths |= self._mapped()
        paths = {path for path in paths if os.path.dirname(path) != self._ours}
        found = {}
        for path in sorted((paths | set(self._before)) - set(known)):
            if not self._counts(path):
                continue
            if path in self._before:
                found[path] = self._before[path]
            elif self._updated.get(path) in (None, _looks(path)):
                with contextlib.suppress(OSError):
                    found[path] = file_hash(path)
        return found

    def _mapped(self) -> Set[str]:
        """Data that is mapped into memory, whoever mapped it; only Linux tells."""
        found = set()  # type: Set[str]
        programs = set()  # type: Set[str]
        self._busy = True
        with contextlib.suppress(OSError), open("/proc/self/maps", encoding="utf-8") as file:
            for line in file:
                fields = line.split(None, 5)
                path = fields[5].rstrip("\n") if len(fields) == 6 else ""
                if path.startswith("/") and not path.startswith(PARTS_OF_A_SYSTEM):
                    (programs if "x" in fields[1] else found).add(path)
        self._busy = False
        roots = tuple(os.path.join(root, "") for root in (sys.prefix, sys.base_prefix))
        return {path for path in found - programs if not path.startswith(roots)}

    def _counts(self, path: str) -> bool:
        return self.is_of_module(path) and os.path.isfile(path)

    def is_of_module(self, path: str) -> bool:
        """Whether a path is neither a library's nor the system's."""
        parts = path.split(os.sep)
        installed = "site-packages" in parts or "dist-packages" in parts
        if installed or "__pycache__" in parts or path.endswith(".pyc"):
            return False
        return path.startswith(MEMORY_DISK) or not path.startswith(self._left_out)


def absolute(path: str) -> str:
    """The path from the root on; as it is where the current folder was deleted."""
    try:
        return os.path.abspath(path)
    except OSError:
        return path


def outside(files: Dict[str, str], checkpoint: str) -> Dict[str, str]:
    """Files but those of a checkpoint: itself, or what is below its folder."""
    if not checkpoint:
        return files
    given = absolute(checkpoint)
    below = os.path.join(given, "")
    return {p: sha for p, sha in files.items() if p != given and not p.startswith(below)}


def _looks(path: str) -> Any:
    """What tells a file from the same file after it was written; 0 where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return 0
    return status.st_mtime_ns, status.st_size


def _source(path: str) -> str:
    """The source that a cached bytecode file was made from; any other path as it is."""
    if path.endswith(".pyc"):
        with contextlib.suppress(ValueError, NotImplementedError):
            return importlib.util.source_from_cache(path)
    return path


def attribute(value: Any, name: str) -> Any:
    """An attribute, None where there is none: foreign objects may raise and warn of anything."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(value, name, None)
    except BaseException:
        return None


def compile_anew(inputs: Inputs) -> None:
    """Let Python take no cached bytecode of a module's own sources.

    It takes what fits a source's size and the second of its last change: of a source that was
    changed within that second, it would run what was there before.
    """
    loader = importlib.machinery.SourceFileLoader
    original = loader.path_stats

    def path_stats(self: Any, path: Any) -> Any:
        if inputs.is_of_module(absolute(path)):
            raise OSError("bytecode is not looked for")
        return original(self, path)

    loader.path_stats = path_stats  # type: ignore[method-assign]


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
