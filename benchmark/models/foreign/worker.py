"""Runs a HEAR module for a benchmark that lives in another interpreter.

``PYTHON worker.py DESCRIPTOR``: requests come and replies go through the Unix socket of that file
descriptor. This file stands alone: the standard library, numpy, and whichever of torch and
TensorFlow the module imports; Python 3.6 or later. Nothing else of msssl-hear is needed there.

A message is a header's length (4 bytes, big-endian), the header (JSON, UTF-8) and, one after the
other, the arrays that ``header["arrays"]`` describes by "wire" (float32 little-endian is "<f4") and
"shape". Nothing is pickled. Standard output and error are the log's; prints cannot get between.
"""

import contextlib
import gc
import hashlib
import importlib
import json
import os
import pathlib
import platform
import random
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

Facts = Dict[str, Any]
Reply = Tuple[Facts, List[Any]]

FUNCTIONS = ("load_model", "get_scene_embeddings", "get_timestamp_embeddings")
ATTRIBUTES = (
    *("sample_rate", "scene_embedding_size", "timestamp_embedding_size"),
    *("row_label", "row_note"),  # ours, optional
)
# Their code is known by their versions.
LIBRARIES = ("torch", "tensorflow", "keras", "tf_keras", "numpy", "builtins", "__main__")
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "alloc_failed")
SENDABLE = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")


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
        self.module: Any = None
        self.model: Any = None
        self.torch: Any = None
        self.tensorflow: Any = None
        self.device = "cpu"

    def answer(self, request: Facts, arrays: List[Any]) -> Reply:
        """Do what a request asks.

        Returns:
            The reply, and its arrays.
        """
        if request["do"] == "import":
            return self._import(request["module"], request["threads"]), []
        if request["do"] == "load":
            return self._load(request["path"], request["device"]), []
        return self._call(request["function"], arrays[0])

    def _import(self, name: str, threads: int) -> Facts:
        sys.path.append(os.getcwd())  # last, as the benchmark does
        try:
            self.module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            traceback.print_exc()
            absent = error.name and (name == error.name or name.startswith(error.name + "."))
            return {"failed": _failure(error), "absent": bool(absent)}
        self.torch, self.tensorflow = map(sys.modules.get, ("torch", "tensorflow"))
        if self.torch:
            self.torch.set_num_threads(threads)
        if self.tensorflow:
            with contextlib.suppress(RuntimeError):  # it is initialised
                self.tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        missing = [f for f in FUNCTIONS if not callable(getattr(self.module, f, None))]
        return {"missing": missing}

    def _load(self, path: str, device: str) -> Facts:
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
            self.model = self.model.to(device).eval()
        elif self._is_tensorflow():
            self._check_gpu()
        else:
            kind = type(self.model).__name__
            raise Refusal(f"returned {kind}; HEAR asks for a torch.nn.Module or a tf.Module")
        return self._facts(path)

    def _seed(self) -> None:
        """Make an untrained model the same at every start: seed what is otherwise seeded by chance.

        That is Python's and numpy's generators, from which Keras takes its seeds, and TensorFlow's;
        torch always starts from the same one. A module that seeds for itself is not touched.
        """
        random.seed(0)
        np.random.seed(0)
        if self.tensorflow:
            self.tensorflow.random.set_seed(0)

    def _call(self, name: str, audio: Any) -> Reply:
        function = getattr(self.module, name)
        with self._scope():
            if self._is_torch():
                returned = function(self.torch.from_numpy(audio).to(self.device), self.model)
            else:
                returned = function(self.tensorflow.convert_to_tensor(audio), self.model)
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
        variables = self._variables()
        loaded = {name: getattr(self.model, name, None) for name in ATTRIBUTES}
        plain = (int, float, bool, str, type(None))
        return {
            "attributes": {
                name: value if type(value) in plain else repr(value)
                for name, value in loaded.items()
            },
            "framework": "torch" if self._is_torch() else "tensorflow",
            "parameters": self._parameters(),
            "weights_hash": _weights_hash(variables, self.torch),
            "source_hash": _source_hash(self.module, self._parts(), path),
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

    def _parts(self) -> List[Any]:
        if self._is_torch():
            return list(self.model.modules())
        return [self.model, *getattr(self.model, "submodules", ())]


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


def _source_hash(module: Any, parts: List[Any], path: str) -> str:
    """SHA-256 of what code, interpreter, libraries and checkpoint folder are, as far as readable.

    Code: every loaded file of the packages that the module and the model's classes are from.
    Libraries: the version of every package loaded by now that tells one.
    """
    owners = {module.__name__} | {type(part).__module__ for part in parts}
    owners = {name.split(".")[0] for name in owners} - set(LIBRARIES)
    files = {}
    for name, loaded in list(sys.modules.items()):
        file = getattr(loaded, "__file__", None)
        if name.split(".")[0] in owners and file and pathlib.Path(file).is_file():
            files[name] = hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest()
    if path and pathlib.Path(path).is_dir():  # a file's content is in the benchmark's key
        for file in sorted(item for item in pathlib.Path(path).rglob("*") if item.is_file()):
            files[f"/{file.relative_to(path)}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    about = [files, _packages(), platform.python_implementation(), platform.python_version()]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


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
    """What the benchmark is told of an exception."""
    message = " ".join(str(error).split())
    kind = type(error).__name__
    said = message.lower()
    memory = kind in ("MemoryError", "OutOfMemoryError", "ResourceExhaustedError") or (
        isinstance(error, RuntimeError) and any(words in said for words in OUT_OF_MEMORY)
    )
    if isinstance(error, Refusal):
        return {"refusal": message}
    return {"exception": f"{kind}: {message}" if message else kind, "out_of_memory": memory}


def _receive(connection: socket.socket) -> Optional[Tuple[Facts, List[Any]]]:
    """The next request and its arrays; None when the benchmark is done."""
    start = _read(connection, 4)
    if start is None:
        return None
    header = json.loads((_read(connection, int.from_bytes(start, "big")) or b"").decode("utf-8"))
    arrays = []
    for described in header["arrays"]:
        dtype, shape = np.dtype(described["wire"]), described["shape"]
        data = _read(connection, dtype.itemsize * int(np.prod(shape)))
        arrays.append(np.frombuffer(data or b"", dtype).reshape(shape))
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


def _send(connection: socket.socket, header: Facts, arrays: List[Any]) -> None:
    arrays = [np.ascontiguousarray(array) for array in arrays]
    arrays = [array.astype(array.dtype.newbyteorder("<"), copy=False) for array in arrays]
    described = [{"wire": array.dtype.str, "shape": list(array.shape)} for array in arrays]
    text = json.dumps({**header, "arrays": described}).encode("utf-8")
    connection.sendall(len(text).to_bytes(4, "big") + text)
    for array in arrays:
        connection.sendall(array.tobytes())


def _end_with(parent: int) -> None:
    """End this process and what it started as soon as the benchmark's is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Answer requests until there are no more."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=int(sys.argv[1]))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    # The folder of this file is no place to import from, and its argument is not the module's.
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]
    sys.argv[1:] = []
    runner = Runner()
    while True:
        received = _receive(connection)
        if received is None:
            break
        try:
            reply, arrays = runner.answer(*received)
        except BaseException as error:  # also SystemExit: the benchmark decides what ends
            traceback.print_exc()
            reply, arrays = {"failed": _failure(error)}, []
            del error
            runner.free()
        sys.stdout.flush()
        sys.stderr.flush()
        _send(connection, reply, arrays)
    os._exit(0)  # no library's clean-up can hold it up


if __name__ == "__main__":
    main()
