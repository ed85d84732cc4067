"""The module under test and its model: import, load, call."""

import contextlib
import ctypes
import gc
import importlib
import os
import platform
import sys
import time
import traceback
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .failures import Refusal, failure
from .hashes import distribution, packages, source_hash, weights_hash
from .inputs import Inputs, outside
from .own_helpers import prefer_own_helpers
from .seeds import seed_all, seed_torch
from .variables import Variables

Facts = Dict[str, Any]
Reply = Tuple[Facts, List[Any]]
FUNCTIONS = ("load_model", "get_scene_embeddings", "get_timestamp_embeddings")
ATTRIBUTES = (
    *("sample_rate", "scene_embedding_size", "timestamp_embedding_size"),
    *("row_label", "row_note", "row_licence"),  # ours, optional
)
LONGEST_REPR = 200
COUNTING_SHARE = 0.01  # of the time of calls; counting may take as long as a small model's call
BUILD = "load_model must return the whole model: call it there once, so that its weights are there"
SENDABLE = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")


class Runner:
    """The module and its model.

    Attributes:
        module: The imported module.
        model: What its ``load_model`` returned.
        torch: The torch that it imported, or None.
        tensorflow: The TensorFlow that it imported, or None.
        device: Where the model is, in torch's words: "cpu", "cuda:0".
        shared: Memory that audio comes in, or None.
        inputs: Files that were read.
        variables: Environment variables that were read.
    """

    def __init__(self, shared: Any, inputs: Inputs, variables: Variables) -> None:
        self.shared = shared
        self.inputs = inputs
        self.variables = variables
        self.known: Dict[str, str] = {}  # files that were read by the end of load_model
        self.module: Any = None
        self.model: Any = None
        self.torch: Any = None
        self.tensorflow: Any = None
        self.device = "cpu"
        self._seeded = False  # torch, on all kinds of device
        self._loaded = 0  # number of parameters that load_model gave
        self._uncounted = {}  # type: Dict[str, float]  # by function: seconds of calls since then
        self._counting_seconds = 0.0

    def answer(self, request: Facts, audio: Any) -> Reply:
        """Do what a request asks.

        Args:
            request: The header.
            audio: Of a call: float32, shape (clips, samples).

        Returns:
            The reply, and its arrays.
        """
        if request["do"] == "import":
            return self._import(request["module"], request["threads"], request["path"]), []
        if request["do"] == "load":
            return self._load(request["path"], request["device"], request["eval"]), []
        if request["do"] == "inputs":
            if self._uncounted:
                self._count_parameters("a later call")
            found = {**self.inputs.hashes(self.known), **self.variables.hashes()}
            return {"files": {k: v for k, v in found.items() if k not in self.known}}, []
        if request["do"] == "nothing":
            return {}, []
        if request["do"] == "memory":
            return {"bytes": self._memory(request["begin"])}, []
        return self._call(request["function"], audio, request["seed"])

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
        prefer_own_helpers(name)
        try:
            self.module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            traceback.print_exc()
            absent = error.name and (name == error.name or name.startswith(error.name + "."))
            return {"failed": failure(error), "absent": bool(absent)}
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
        seed_all(self.tensorflow)
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
            if self.takes_audio_elsewhere:
                self._pin_shared_memory()
        elif self._is_tensorflow():
            self._check_gpu()
        else:
            kind = "nothing" if self.model is None else type(self.model).__name__
            if isinstance(self.model, type):
                kind = f"the class {self.model.__name__}, not an instance"
            raise Refusal(f"returned {kind}; HEAR asks for a torch.nn.Module or a tf.Module")
        self._loaded = self._parameters()
        return self._facts(path)

    def _unbuilt(self) -> str:
        """Names of torch's lazy parameters, which get random numbers at the first call."""
        lazy = getattr(self.torch.nn.parameter, "is_lazy", lambda value: False)  # torch 1.8
        return ", ".join([name for name, value in self.model.named_parameters() if lazy(value)][:3])

    @property
    def takes_audio_elsewhere(self) -> bool:
        """Whether audio is copied to a GPU before the module sees it."""
        return self.device.startswith("cuda") and self._is_torch()

    def _pin_shared_memory(self) -> None:
        """Let the GPU fetch audio from the shared memory by itself, several times as fast.

        Without it, everything works as well, so nothing is said where a CUDA or a torch cannot.
        """
        if self.shared is None:
            return
        with contextlib.suppress(Exception):
            memory = np.frombuffer(self.shared, np.uint8)
            with self.torch.cuda.device(self.device):
                runtime = self.torch.cuda.cudart()
                if int(runtime.cudaHostRegister(memory.ctypes.data, memory.nbytes, 0)):
                    # The next call would find this error and take it for its own.
                    self.torch.ones(1, device=self.device).add_(1)
        self.shared = None  # once

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
        function, started = getattr(self.module, name), time.monotonic()
        if seed:
            seed_all(self.tensorflow)
            if self.torch:
                seed_torch(self.torch, again=self._seeded)
                self._seeded = True
        with self._scope():
            if self._is_torch():
                given = self.torch.from_numpy(audio).to(self.device, non_blocking=True)
                returned = function(given, self.model)
            else:
                returned = function(self.tensorflow.convert_to_tensor(audio), self.model)
        self._count_sometimes(name, time.monotonic() - started)
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

    def _count_sometimes(self, name: str, seconds: float) -> None:
        """See that a call built no layers: the first of each function, and then now and then."""
        if name in self._uncounted:
            self._uncounted[name] += seconds
            if COUNTING_SHARE * self._uncounted[name] < self._counting_seconds:
                return
        self._count_parameters("a later call" if name in self._uncounted else "its first call")
        self._uncounted[name] = 0.0

    def _count_parameters(self, call: str) -> None:
        started = time.monotonic()
        if self._parameters() != self._loaded:
            raise Refusal(f"built layers at {call}; {BUILD}")
        self._counting_seconds = time.monotonic() - started

    def free(self) -> None:
        """Hand back what a call that failed had made."""
        gc.collect()
        if self.torch and self.torch.cuda.is_available():
            self.torch.cuda.empty_cache()

    def _numbers(self, value: Any, what: str) -> Tuple[str, Any]:
        """A tensor's type and its numbers, those of a type that numpy lacks as float32."""
        if self.torch and isinstance(value, self.torch.Tensor):
            dtype = str(value.dtype).replace("torch.", "")
            if not getattr(value, "is_meta", False):
                value = value.detach().cpu()
            try:
                if getattr(value, "is_neg", bool)():  # of torch 1.10: a sign not carried out
                    value = value.resolve_neg()
                return dtype, (value if dtype in SENDABLE else value.float()).numpy()
            except (TypeError, RuntimeError) as error:  # sparse, nested, meta ...
                raise Refusal(f"returned {what} that are no ordinary tensor: {error}") from None
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

    def _scope(self, loading: bool = False) -> "contextlib.ExitStack[Any]":
        """Without gradients, on the device."""
        stack = contextlib.ExitStack()
        if self.tensorflow and (loading or not self._is_torch()):
            number = self.device.partition(":")[2] or "0"
            place = f"/GPU:{number}" if self._wants_gpu() else "/CPU:0"
            stack.enter_context(self.tensorflow.device(place))
        if self.torch and not loading:  # inference_mode is of torch 1.9
            quiet = getattr(self.torch, "inference_mode", self.torch.no_grad)
            stack.enter_context(quiet())
        return stack

    def _wants_gpu(self) -> bool:
        return self.device.startswith("cuda")

    def _check_gpu(self) -> None:
        """TensorFlow would go on silently on the CPU."""
        if self._wants_gpu() and not self.tensorflow.config.list_physical_devices("GPU"):
            raise Refusal(f"gave a TensorFlow model, but TensorFlow sees no GPU for {self.device}")

    def _facts(self, path: str) -> Facts:
        """What the benchmark must know of the model and of this interpreter."""
        self.known = {**self.inputs.hashes(), **self.variables.hashes()}
        known = outside(self.known, path)
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
            "weights_hash": weights_hash(variables, self.torch),
            "source_hash": source_hash(known, path),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "packages": packages(),
            "distribution": distribution(self.module),
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
