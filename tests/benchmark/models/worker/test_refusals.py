"""What a module in another interpreter does wrong is said as of one in this process."""

import re
from pathlib import Path

import pytest
import torch

from benchmark.models.outputs import HearModuleError

AUDIO = torch.linspace(-1, 1, 2 * 16000).reshape(2, 16000)
# What is to be done wrong is in a file, so that one interpreter does all of it.
DO = "given = dict(vars(), tf=tf)\nexec(open('do').read(), given)\n"
WRONG_SCENES = {
    "embeddings = embeddings[:, :3]": r"shape \(2, 3\); expected \(2, 4\)",
    "embeddings = embeddings.astype('f8')": "torch.float64 embeddings; HEAR asks for float32",
    "embeddings[1, 2] = float('nan')": "NaN or infinite embeddings for clip 1 of the batch",
    "embeddings = embeddings[:0]": r"shape \(0, 4\)",
    "embeddings = embeddings.astype('u8')": "numbers of type uint64|torch.uint64 embeddings",
    "returned = [1]": "returned embeddings of type list; expected a torch or TensorFlow tensor",
    "1 / 0": r"raised an exception on 2 clips from clip 0 .*: ZeroDivisionError: division",
    "raise SystemExit(3)": "raised an exception on .*: SystemExit: 3",
}
WRONG_TIMESTAMPS = {
    "timestamps = timestamps / 1000": "look like seconds",
    "timestamps = timestamps[:, :-1]": r"timestamps of shape \(2, 20\) beside embeddings",
    "returned = tf.Tensor(embeddings)": r"returned Tensor; expected \(embeddings, timestamps\)",
    "returned = [tf.Tensor(embeddings), 5]": "returned timestamps of type int",
}


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"source": "x = 1"}, "has no function 'load_model'"),
        ({"source": "import not_there"}, "cannot be imported: ModuleNotFoundError: No module nam"),
        ({"source": "1 / 0"}, "raised ZeroDivisionError: division by zero"),
        ({"source": "import os; os._exit(7)"}, "cannot be imported: .* ended with exit status 7"),
        (
            {"load": "raise RuntimeError('no\\nweights')"},
            r"load_model\(\) raised RuntimeError: no weights",
        ),
        ({"load": "import sys; sys.exit('bye')"}, r"load_model\(\) raised SystemExit: bye"),
        ({"load": "return 3"}, "returned int; HEAR asks for a torch.nn.Module or a tf.Module"),
        ({"extra_init": "self.sample_rate = 8000"}, "sample_rate 8000; HEAR allows 16000, 22050"),
        ({"extra_init": "self.scene_embedding_size = 4.0"}, "scene_embedding_size 4.0; HEAR asks"),
        ({"extra_init": "self.timestamp_embedding_size = True"}, "timestamp_embedding_size True"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_sentence(
    write, foreign, parts: dict[str, str], sentence: str
) -> None:
    with pytest.raises(HearModuleError, match=sentence) as caught:
        foreign(write(**parts))
    assert "\n" not in str(caught.value)


def test_a_module_that_is_not_there(write, foreign) -> None:
    with pytest.raises(HearModuleError, match=r"No module named 'not_there.at_all' is installed"):
        foreign("not_there.at_all")
    with pytest.raises(HearModuleError, match="no Python interpreter at /nowhere/python"):
        foreign("json", "/nowhere/python")
    with pytest.raises(HearModuleError, match="ended with exit status 1"):
        foreign("json", "/bin/false")


def test_wrong_embeddings_are_refused_as_in_process(modules: Path, write, foreign) -> None:
    code = f"{DO}if 'returned' in given: return given['returned']\nembeddings = given['embeddings']"
    hear = foreign(write(scene=code))
    for do, sentence in WRONG_SCENES.items():
        (modules / "do").write_text(do)
        with pytest.raises(HearModuleError, match=sentence) as caught:
            hear.scene(AUDIO)
        assert "\n" not in str(caught.value)
    (modules / "do").write_text("pass")
    assert hear.scene(AUDIO).shape == (2, 4)  # it goes on


def test_wrong_timestamps_are_refused_as_in_process(modules: Path, write, foreign) -> None:
    code = f"{DO}if 'returned' in given: return given['returned']\ntimestamps = given['timestamps']"
    hear = foreign(write(timestamp=code))
    for do, sentence in WRONG_TIMESTAMPS.items():
        (modules / "do").write_text(do)
        with pytest.raises(HearModuleError, match=sentence):
            hear.timestamps(AUDIO)


def test_the_traceback_is_in_the_log(write, foreign) -> None:
    hear = foreign(write(scene="raise KeyError('deep')"))
    with pytest.raises(HearModuleError, match="KeyError: 'deep'") as caught:
        hear.scene(AUDIO)
    hear.close()
    log = re.search(r"traceback is in (\S+\.log)", str(caught.value))
    assert log and "in get_scene_embeddings" in Path(log[1]).read_text()
