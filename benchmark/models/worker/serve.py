"""Runs a HEAR module for a benchmark that lives in another process.

``PYTHON serve.py SOCKET [SHARED]``: requests come and replies go through the Unix socket of that
file descriptor. This file stands alone: the standard library, numpy, and whichever of torch and
TensorFlow the module imports; Python 3.6 or later. Nothing else of msssl-hear is needed there.

A message is a header's length (4 bytes, big-endian), the header (JSON, UTF-8) and the arrays that
``header["arrays"]`` describes by "wire" (float32 little-endian is "<f4"), "shape" and "at": where
it is in the memory of descriptor SHARED, which both sides map, or null for one that follows through
the socket. Nothing is pickled. Standard output and error are the log's; prints cannot get between.
"""

import contextlib
import ctypes
import gc
import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import mmap
import os
import pathlib
import platform
import random
import signal
import socket
import sys
import sysconfig
import threading
import time
import traceback
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

dumps, loads = json.dumps, json.loads  # a module may put others in their place
Facts = Dict[str, Any]
Reply = Tuple[Facts, List[Any]]

FUNCTIONS = ("load_model", "get_scene_embeddings", "get_timestamp_embeddings")
ATTRIBUTES = (
    *("sample_rate", "scene_embedding_size", "timestamp_embedding_size"),
    *("row_label", "row_note"),  # ours, optional
)
LONGEST_REPR = 200
SYSTEM = ("/proc", "/dev", "/sys", "/etc")
READERS = ("sqlite3.connect",)  # audit events beside "open" that name a file first
UNHEARD = {  # modules and their function or class that reads a file without Python
    "safetensors": "safe_open",
    "torch.jit._serialization": "load",
    "soundfile": "SoundFile",
    "h5py": "File",
    "onnxruntime": "InferenceSession",
}
ALIGNMENT = 64  # bytes, of arrays in shared memory
BUILD = "load_model must return the whole model: call it there once, so that its weights are there"
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "alloc_failed")
OUR_NAMES = ("benchmark", "pretrain", "msssl_common", "msssl_hear")
SENDABLE = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")


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
        paths.discard(os.path.abspath(__file__))
        given = os.path.abspath(checkpoint) if checkpoint else None
        found = {}
        for path in sorted(paths):
            inside = given and (path == given or path.startswith(os.path.join(given, "")))
            if not inside and self._counts(path):
                with contextlib.suppress(OSError):
                    found[path] = _file_hash(path)
        return found

    def _counts(self, path: str) -> bool:
        parts = path.split(os.sep)
        installed = "site-packages" in parts or "dist-packages" in parts
        if installed or "__pycache__" in parts or path.endswith(".pyc"):
            return False
        return not path.startswith(self._left_out) and os.path.isfile(path)


def _watch_readers(inputs: Inputs) -> None:
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


def _prefer_own_helpers(name: str) -> None:
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


def _file_hash(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


class Refusal(Exception):  # noqa: N818 -- not an error of this file
    """What a module does that it must not, as the end of a sentence about its function."""


class Runner:
    """The module and its model.

    Attributes:
        module: The imported module.
        model: What its ``load_model`` returned.
        torch: The torch that it imported, or None.
        tensorflow: The TensorFlow that it imported, or None.
        device: Where the model is, in torch's words: "cpu", "cuda:0".
    """

    def __init__(self) -> None:
        self.inputs = Inputs()
        _watch_readers(self.inputs)
        self.known: Dict[str, str] = {}  # files that were read by the end of load_model
        self.module: Any = None
        self.model: Any = None
        self.torch: Any = None
        self.tensorflow: Any = None
        self.device = "cpu"
        self._loaded = 0  # number of parameters that load_model gave

    def answer(self, request: Facts, arrays: List[Any]) -> Reply:
        """Do what a request asks.

        Returns:
            The reply, and its arrays.
        """
        if request["do"] == "import":
            return self._import(request["module"], request["threads"], request["path"]), []
        if request["do"] == "load":
            return self._load(request["path"], request["device"], request["eval"]), []
        if request["do"] == "inputs":
            found = self.inputs.hashes()
            return {"files": {k: v for k, v in found.items() if k not in self.known}}, []
        if request["do"] == "memory":
            return {"bytes": self._memory(request["begin"])}, []
        return self._call(request["function"], arrays[0], request["seed"])

    def _import(self, name: str, threads: int, path: Optional[List[str]]) -> Facts:
        """Import the module.

        Args:
            name: Import name.
            threads: Of torch and TensorFlow.
            path: ``sys.path`` of the benchmark if this is its interpreter: then torch is there, and
                gets its threads before the module may set its own. None in another interpreter.
        """
        here = os.getcwd()
        if path is not None:
            torch = importlib.import_module("torch")
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            own = set(sys.path)
            sys.path[:] = [entry for entry in path if entry in own or entry not in ("", here)]
        if here not in sys.path:
            sys.path.append(here)  # last: a file there cannot stand in for a library
        # A module that parses the command line breaks under any runner that has arguments, as
        # hear-eval-kit's and hear-validator have. These do not depend on what the user typed.
        sys.argv[1:] = [name]
        _prefer_own_helpers(name)
        try:
            self.module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            traceback.print_exc()
            absent = error.name and (name == error.name or name.startswith(error.name + "."))
            return {"failed": _failure(error), "absent": bool(absent)}
        self.torch, self.tensorflow = map(sys.modules.get, ("torch", "tensorflow"))
        if self.torch and path is None:
            self.torch.set_num_threads(threads)
        if self.tensorflow:
            with contextlib.suppress(RuntimeError):  # it is initialised
                self.tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        missing = [f for f in FUNCTIONS if not callable(getattr(self.module, f, None))]
        return {"missing": missing}

    def _load(self, path: str, device: str, evaluation_mode: bool) -> Facts:
        self.device = device
        if self.tensorflow and not self._wants_gpu():
            # An initialised TensorFlow refuses; then the device scope below must do.
            with contextlib.suppress(RuntimeError):
                self.tensorflow.config.set_visible_devices([], "GPU")
        self._seed()
        with self._scope(loading=True):
            self.model = self.module.load_model(*([path] if path else []))
        self.torch, self.tensorflow = map(sys.modules.get, ("torch", "tensorflow"))
        if self._is_torch():
            unbuilt = self._unbuilt()
            if unbuilt:
                raise Refusal(f"returned a model without weights in {unbuilt}; {BUILD}")
            self.model = self.model.to(device)
            if evaluation_mode:
                self.model.eval()
        elif self._is_tensorflow():
            self._check_gpu()
        else:
            kind = type(self.model).__name__
            raise Refusal(f"returned {kind}; HEAR asks for a torch.nn.Module or a tf.Module")
        self._loaded = self._parameters()
        return self._facts(path)

    def _unbuilt(self) -> str:
        """Names of torch's lazy parameters, which get random numbers at the first call."""
        lazy = getattr(self.torch.nn.parameter, "is_lazy", lambda value: False)  # torch 1.8
        return ", ".join([name for name, value in self.model.named_parameters() if lazy(value)][:3])

    def _seed(self) -> None:
        """Make an untrained model the same at every start: seed what is otherwise seeded by chance.

        That is Python's and numpy's generators, from which Keras takes its seeds, and TensorFlow's;
        torch always starts from the same one. A module that seeds for itself is not touched.
        """
        random.seed(0)
        np.random.seed(0)
        if self.tensorflow:
            self.tensorflow.random.set_seed(0)

    def _memory(self, begin: bool) -> Optional[int]:
        """Bytes on a CUDA device: those held, where a stretch of work begins, else its peak.

        On the CPU, freed memory that the C library kept is handed back when one begins: the
        benchmark watches this process grow.
        """
        if self._is_torch() and self.device.startswith("cuda"):
            if begin:
                self.torch.cuda.reset_peak_memory_stats(self.device)
                return int(self.torch.cuda.memory_allocated(self.device))
            return int(self.torch.cuda.max_memory_allocated(self.device))
        if begin:
            with contextlib.suppress(OSError, AttributeError):  # only glibc has it
                ctypes.CDLL(None).malloc_trim(0)
        return None

    def _call(self, name: str, audio: Any, seed: bool) -> Reply:
        """Embed a batch.

        Args:
            name: The function.
            audio: float32, shape (clips, samples).
            seed: Whether to seed all generators first, so that a module that draws numbers gives a
                batch the same embeddings whatever it embedded before.
        """
        function = getattr(self.module, name)
        if seed:
            self._seed()
            if self.torch:
                self.torch.manual_seed(0)
        with self._scope():
            if self._is_torch():
                returned = function(self.torch.from_numpy(audio).to(self.device), self.model)
            else:
                returned = function(self.tensorflow.convert_to_tensor(audio), self.model)
        if self._parameters() != self._loaded:
            raise Refusal(f"built layers at its first call; {BUILD}")
        values = [returned]
        if name == "get_timestamp_embeddings":
            if not isinstance(returned, (tuple, list)) or len(returned) != 2:
                kind = type(returned).__name__
                raise Refusal(f"returned {kind}; expected (embeddings, timestamps)")
            values = list(returned)
        described = [
            self._numbers(value, what) for value, what in zip(values, ("embeddings", "timestamps"))
        ]
        return {"dtypes": [dtype for dtype, _ in described]}, [array for _, array in described]

    def free(self) -> None:
        """Hand back what a call that failed had made."""
        gc.collect()
        if self.torch and self.torch.cuda.is_available():
            self.torch.cuda.empty_cache()

    def _numbers(self, value: Any, what: str) -> Tuple[str, Any]:
        """A tensor's type and its numbers, those of a type that numpy lacks as float32."""
        if self.torch and isinstance(value, self.torch.Tensor):
            dtype = str(value.dtype).replace("torch.", "")
            value = value.detach().cpu()
            return dtype, (value if dtype in SENDABLE else value.float()).numpy()
        if self.tensorflow and self.tensorflow.is_tensor(value):
            dtype = value.dtype.name
            if dtype not in SENDABLE:
                value = self.tensorflow.cast(value, self.tensorflow.float32)
            return dtype, value.numpy()
        kind = type(value).__name__
        raise Refusal(f"returned {what} of type {kind}; expected a torch or TensorFlow tensor")

    def _is_torch(self) -> bool:
        return bool(self.torch) and isinstance(self.model, self.torch.nn.Module)

    def _is_tensorflow(self) -> bool:
        if not self.tensorflow:
            return False
        # From Keras 3 on, a keras.Model is no tf.Module any more.
        keras_model = getattr(sys.modules.get("keras"), "Model", self.tensorflow.Module)
        return isinstance(self.model, (self.tensorflow.Module, keras_model))

    @contextlib.contextmanager
    def _scope(self, loading: bool = False) -> Iterator[None]:
        """Without gradients, on the device."""
        with contextlib.ExitStack() as stack:
            if self.tensorflow and (loading or not self._is_torch()):
                number = self.device.partition(":")[2] or "0"
                place = f"/GPU:{number}" if self._wants_gpu() else "/CPU:0"
                stack.enter_context(self.tensorflow.device(place))
            if self.torch and not loading:  # inference_mode is of torch 1.9
                quiet = getattr(self.torch, "inference_mode", self.torch.no_grad)
                stack.enter_context(quiet())
            yield

    def _wants_gpu(self) -> bool:
        return self.device.startswith("cuda")

    def _check_gpu(self) -> None:
        """TensorFlow would go on silently on the CPU."""
        if self._wants_gpu() and not self.tensorflow.config.list_physical_devices("GPU"):
            raise Refusal(f"gave a TensorFlow model, but TensorFlow sees no GPU for {self.device}")

    def _facts(self, path: str) -> Facts:
        """What the benchmark must know of the model and of this interpreter."""
        self.known = self.inputs.hashes()
        known = self.inputs.hashes(path)
        variables = self._variables()
        loaded = {name: getattr(self.model, name, None) for name in ATTRIBUTES}
        plain = (int, float, bool, str, type(None))
        return {
            "attributes": {
                name: value if type(value) in plain else {"repr": repr(value)[:LONGEST_REPR]}
                for name, value in loaded.items()
            },
            "framework": "torch" if self._is_torch() else "tensorflow",
            "parameters": self._parameters(),
            "model_bytes": self._model_bytes(),
            "weights_hash": _weights_hash(variables, self.torch),
            "source_hash": _source_hash(known, path),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "packages": _packages(),
            "distribution": _distribution(self.module),
        }

    def _variables(self) -> Facts:
        """Parameters and buffers by name, those of TensorFlow by name and place."""
        if not self._is_torch():
            return {
                f"{place:06d} {value.name}": value
                for place, value in enumerate(self.model.variables)
            }
        tensors = dict(self.model.named_parameters())
        tensors.update(self.model.named_buffers())
        tensors.update(self.model.state_dict())
        return tensors

    def _parameters(self) -> int:
        """Number of them; of TensorFlow those that can be trained, as torch's buffers are none."""
        if self._is_torch():
            return sum(value.numel() for value in self.model.parameters())
        return sum(int(np.prod(value.shape)) for value in self.model.trainable_variables)

    def _model_bytes(self) -> int:
        """Of parameters and buffers."""
        if self._is_torch():
            tensors = [*self.model.parameters(), *self.model.buffers()]
            return sum(value.numel() * value.element_size() for value in tensors)
        return sum(int(value.numpy().nbytes) for value in self.model.variables)


def _weights_hash(variables: Facts, torch: Any) -> str:
    """As ``benchmark.models.fingerprint.weights_hash``: equal for equal torch models."""
    digest = hashlib.sha256()
    for name, value in sorted(variables.items()):
        if torch and isinstance(value, torch.Tensor):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
            digest.update(_bytes(value.detach().cpu().contiguous(), torch))
        elif hasattr(value, "numpy"):
            array = np.ascontiguousarray(value.numpy())
            digest.update(f"{name} {array.dtype} {array.shape}\n".encode() + array.tobytes())
        else:  # whatever get_extra_state returned
            digest.update(f"{name} {value!r}\n".encode())
    return digest.hexdigest()


def _bytes(tensor: Any, torch: Any) -> bytes:
    if tensor.dtype == torch.bfloat16:  # numpy has none
        tensor = tensor.view(torch.int16)
    try:
        return bytes(tensor.numpy().tobytes())
    except TypeError:  # quantised and other rare types
        return repr(tensor.tolist()).encode()


def _source_hash(inputs: Dict[str, str], path: str) -> str:
    """SHA-256 of what code, interpreter, libraries, files and checkpoint folder are.

    Args:
        inputs: Files that were read while the module was imported and its model loaded. Their
            places do not count, so that moving them changes nothing.
        path: Checkpoint, of which a folder counts whole.
    """
    files = sorted([os.path.basename(file), digest] for file, digest in inputs.items())
    if path and os.path.isdir(path):  # a file's content is in the benchmark's key
        for file in sorted(item for item in pathlib.Path(path).rglob("*") if item.is_file()):
            files.append([f"/{file.relative_to(path)}", _file_hash(str(file))])
    about = [files, _packages(), platform.python_implementation(), platform.python_version()]
    return hashlib.sha256(dumps(about, sort_keys=True).encode()).hexdigest()


def _packages() -> Dict[str, str]:
    versions = {}
    for name, loaded in list(sys.modules.items()):
        version = getattr(loaded, "__version__", None)
        if "." not in name and isinstance(version, str) and name != "__main__":
            versions[name] = version
    return versions


def _distribution(module: Any) -> str:
    """Name and version of what was installed to have a module, from the folder beside it."""
    top = module.__name__.split(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None) or getattr(module, "__file__", None)
    if not file:
        return ""
    folder = pathlib.Path(file).parent
    folder = folder.parent if folder.name == top else folder
    for info in sorted(folder.glob("*.dist-info")):
        with contextlib.suppress(OSError):
            if f"\n{top}/" not in "\n" + (info / "RECORD").read_text("utf-8"):
                continue
            lines = (info / "METADATA").read_text("utf-8").splitlines()
            facts = dict(line.partition(": ")[::2] for line in reversed(lines))
            return f"{facts['Name']} {facts['Version']}"
    return ""


def _failure(error: BaseException) -> Facts:
    """An exception, as a reply describes it."""
    message = " ".join(str(error).split())
    kind = type(error).__name__
    said = message.lower()
    memory = kind in ("MemoryError", "OutOfMemoryError", "ResourceExhaustedError") or (
        isinstance(error, RuntimeError) and any(words in said for words in OUT_OF_MEMORY)
    )
    if isinstance(error, Refusal):
        return {"refusal": message}
    if isinstance(error, SystemExit):
        frames = traceback.extract_tb(error.__traceback__)
        if any(os.path.basename(frame.filename) == "argparse.py" for frame in frames):
            message += ": it parses the command line, which is not its own, when it is imported"
    return {"exception": f"{kind}: {message}" if message else kind, "out_of_memory": memory}


def _receive(connection: socket.socket, shared: Any) -> Optional[Tuple[Facts, List[Any]]]:
    """The next request and its arrays; None when the benchmark is done."""
    start = _read(connection, 4)
    if start is None:
        return None
    header = loads((_read(connection, int.from_bytes(start, "big")) or b"").decode("utf-8"))
    arrays = []
    for described in header["arrays"]:
        dtype, shape, at = np.dtype(described["wire"]), described["shape"], described["at"]
        if at is None:
            data = _read(connection, dtype.itemsize * int(np.prod(shape)))
            arrays.append(np.frombuffer(data or b"", dtype).reshape(shape))
        else:  # a copy, because the next request comes to the same place
            arrays.append(np.ndarray(shape, dtype, shared, at).copy())
    return header, arrays


def _read(connection: socket.socket, size: int) -> Optional[bytearray]:
    data = bytearray(size)  # torch wants audio that could be written to
    view, done = memoryview(data), 0
    while done < size:
        count = connection.recv_into(view[done:])
        if not count:
            return None
        done += count
    return data


def _send(connection: socket.socket, shared: Any, header: Facts, arrays: List[Any]) -> None:
    arrays = [array.astype(array.dtype.newbyteorder("<"), copy=False) for array in arrays]
    described, end, following = [], 0, []
    for array in arrays:
        at = end if shared is not None and end + array.nbytes <= len(shared) else None
        if at is None:
            following.append(array)
        else:
            np.copyto(np.ndarray(array.shape, array.dtype, shared, at), array)
            end = at + array.nbytes + -array.nbytes % ALIGNMENT
        described.append({"wire": array.dtype.str, "shape": list(array.shape), "at": at})
    text = dumps({**header, "arrays": described}).encode("utf-8")
    connection.sendall(len(text).to_bytes(4, "big") + text)
    for array in following:
        connection.sendall(array.tobytes())


def _shared(descriptors: List[str]) -> Any:
    """The memory that the benchmark shares with this process, or None."""
    if not descriptors:
        return None
    descriptor = int(descriptors[0])
    memory = mmap.mmap(descriptor, os.fstat(descriptor).st_size)
    os.close(descriptor)
    return memory


def _end_with(parent: int) -> None:
    """End this process and what it started as soon as the benchmark's is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _die_first() -> None:
    """Where memory runs out, let Linux end this process before the benchmark's; see proc(5)."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")


def main() -> None:
    """Answer requests until there are no more."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=int(sys.argv[1]))
    shared = _shared(sys.argv[2:])
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    # The folder of this file is no place to import from.
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]
    _die_first()
    runner = Runner()
    while True:
        received = _receive(connection, shared)
        if received is None:
            break
        try:
            reply, arrays = runner.answer(*received)
        except BaseException as error:  # also SystemExit: the benchmark decides what ends
            with contextlib.suppress(Exception):  # a module may close or replace sys.stderr
                traceback.print_exc()
            reply, arrays = {"failed": _failure(error)}, []
            del error
            runner.free()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        _send(connection, shared, reply, arrays)
    os._exit(0)  # no library's clean-up can hold it up


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        with contextlib.suppress(Exception):
            traceback.print_exc()
    finally:
        os._exit(1)  # a thread that the module left would hold it up
