"""A file called tensorflow.py, so that faults of foreign modules cost no import of torch.

The worker's handling of the real one is tested in tests/parity/test_hearbaseline.py.
"""

from pathlib import Path

TENSORFLOW = """
import contextlib

import numpy as np

__version__ = "0.fake"
float32 = np.dtype("float32")

class Tensor:
    def __init__(self, array, name=""):
        self.array, self.name = np.asarray(array), name
        self.dtype, self.shape = self.array.dtype, self.array.shape

    def numpy(self):
        return self.array

class Module:
    submodules = ()

    @property
    def variables(self):
        return [value for value in vars(self).values() if isinstance(value, Tensor)]

    trainable_variables = variables

class config:
    class threading:
        set_intra_op_parallelism_threads = print

    set_visible_devices = print
    list_physical_devices = staticmethod(lambda kind: [])

class random:
    set_seed = print

def convert_to_tensor(array):
    return Tensor(array)

def is_tensor(value):
    return isinstance(value, Tensor)

def cast(value, dtype):
    return Tensor(value.array.astype(dtype))

def device(place):
    print("on", place)
    return contextlib.ExitStack()  # nullcontext is of Python 3.7
"""

MODULE = """
import numpy as np
import tensorflow as tf

class Model(tf.Module):
    def __init__(self, path=""):
        self.sample_rate = 16000
        self.scene_embedding_size = 4
        self.timestamp_embedding_size = 4
        self.weight = tf.Tensor(np.float32([1, 2, 3, 4]), "weight")
        self.path = path
{extra_init}

def load_model(path=""):
{load}
    return Model(path)

def get_timestamp_embeddings(audio, model):
    assert tf.is_tensor(audio)
    audio = audio.numpy()
    frames = np.pad(audio, ((0, 0), (0, 800 - audio.shape[1] % 800))).reshape(len(audio), -1, 800)
    embeddings = (frames**2).mean(axis=2, keepdims=True) * model.weight.numpy()
    timestamps = np.tile(np.arange(embeddings.shape[1]) * 50.0, (len(audio), 1))
{timestamp}
    return tf.Tensor(embeddings), tf.Tensor(timestamps)

def get_scene_embeddings(audio, model):
    audio = audio.numpy()
    embeddings = (audio**2).mean(axis=1, keepdims=True) * model.weight.numpy()
{scene}
    return tf.Tensor(embeddings)
"""


def write_tensorflow(folder: Path) -> None:
    (folder / "tensorflow.py").write_text(TENSORFLOW)
