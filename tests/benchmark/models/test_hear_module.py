import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.models.hear_module import load_hear_module
from benchmark.models.outputs import HearModuleError
from tests import ROOT
from tests.benchmark.fake_modules import SOURCE, write_module

AUDIO = torch.linspace(-1, 1, 2 * 16000).reshape(2, 16000)


def test_loads_and_embeds(modules: Path) -> None:
    hear = load_hear_module(write_module(modules))
    scene = hear.scene(AUDIO)
    embeddings, timestamps = hear.timestamps(AUDIO)
    assert scene.dtype == np.float32
    np.testing.assert_allclose(
        scene, AUDIO.square().mean(1, keepdim=True) * torch.arange(1, 5), rtol=1e-6
    )
    assert embeddings.shape == (2, 21, 4)
    assert timestamps.dtype == np.float64
    np.testing.assert_array_equal(timestamps[1], 50.0 * np.arange(21))
    assert hear.parameter_count == 4
    assert not hear.model.training
    assert hear.note is None


def test_label_note_and_checkpoint(modules: Path) -> None:
    name = write_module(modules)
    assert load_hear_module(name).label == name
    hear = load_hear_module(f"{name}=some=path")
    assert (hear.label, hear.model_path, hear.model.path) == (
        f"{name}=some=path",
        "some=path",
        "some=path",
    )
    labelled = load_hear_module(
        write_module(
            modules,
            extra_init="self.row_label = 'mine'\nself.row_note = 'a stand-in'\n"
            "self.row_licence = 'MIT\x1b'",
        )
    )
    assert (labelled.label, labelled.note) == ("mine", "a stand-in")
    assert (hear.licence, labelled.licence) == ("", r"MIT\x1b")


def test_a_batch_of_one_keeps_its_dimension(modules: Path) -> None:
    hear = load_hear_module(write_module(modules, scene="embeddings = embeddings.squeeze()"))
    assert hear.scene(AUDIO).shape == (2, 4)
    with pytest.raises(HearModuleError, match=r"expected \(1, 4\): .* leave out squeeze\(\)"):
        hear.scene(AUDIO[:1])


def test_a_module_in_this_process_cannot_move_the_results(
    modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    leave = "import os; os.chdir('/')"
    hear = load_hear_module(write_module(modules, extra_init=leave, scene=leave))
    assert Path.cwd() == tmp_path
    hear.scene(AUDIO)
    assert Path.cwd() == tmp_path


def test_module_of_the_current_folder_is_found(modules: Path) -> None:
    name = write_module(modules)
    code = (
        "import sys; sys.path.pop(0)\n"  # as in a console script
        "from benchmark.models.hear_module import load_hear_module\n"
        f"load_hear_module({name!r})"
    )
    root = str(ROOT)
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": root})


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"source": "x = 1"}, "has no function 'load_model'"),
        (
            {"source": "import not_there"},
            "cannot be imported: No module named 'not_there'; install that where the module runs",
        ),
        ({"source": "1 / 0"}, "raised ZeroDivisionError: division by zero"),
        (
            {"load": "raise RuntimeError('no\\nweights')"},
            r"load_model\(\) raised RuntimeError: no weights",
        ),
        ({"load": "return 3"}, "returned int; this benchmark runs torch.nn.Module"),
        ({"load": "return None"}, "returned nothing; this benchmark runs torch.nn.Module"),
        ({"load": "return torch.nn.Module"}, "returned the class Module; this benchmark"),
        ({"extra_init": "self.sample_rate = 8000"}, "sample_rate 8000; HEAR allows 16000, 22050"),
        ({"extra_init": "del self.sample_rate"}, "sample_rate None"),
        ({"extra_init": "self.scene_embedding_size = 4.0"}, "scene_embedding_size 4.0; HEAR asks"),
        ({"extra_init": "self.timestamp_embedding_size = True"}, "timestamp_embedding_size True"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_sentence(
    modules: Path, parts: dict[str, str], sentence: str
) -> None:
    with pytest.raises(HearModuleError, match=sentence) as caught:
        load_hear_module(write_module(modules, **parts))
    assert "\n" not in str(caught.value)


def test_absent_module_and_device(modules: Path) -> None:
    with pytest.raises(HearModuleError, match=r"No module named 'not_there\.at_all'"):
        load_hear_module("not_there.at_all")
    with pytest.raises(HearModuleError, match="is not an import name"):
        load_hear_module("some/file.py")
    with pytest.raises(HearModuleError, match="cannot be moved to device 'nonsense'"):
        load_hear_module(write_module(modules), device="nonsense")


@pytest.mark.parametrize(
    ("scene", "sentence"),
    [
        ("embeddings = embeddings.double()", r"torch.float64 embeddings; .* add \.float\(\)$"),
        (
            "embeddings = embeddings.numpy()",
            "expected a torch tensor: wrap it in torch.from_n",
        ),
        ("embeddings = embeddings[:1]", r"shape \(1, 4\); expected \(2, 4\): embed every clip"),
        (
            "embeddings = embeddings[:, :3]",
            r"shape \(2, 3\); expected \(2, 4\): the model's scene_embedding_size is 4$",
        ),
        (
            "embeddings = embeddings[:, None]",
            r"shape \(2, 1, 4\); expected \(2, 4\): pool over the frames",
        ),
        ("embeddings[1, 2] = float('nan')", "NaN or infinite embeddings for b.wav"),
        ("raise KeyError('k')", r"on 2 clips from a\.wav \(16000 samples\): KeyError: 'k'"),
    ],
)
def test_bad_scene_embeddings(modules: Path, scene: str, sentence: str) -> None:
    hear = load_hear_module(write_module(modules, scene=scene))
    with pytest.raises(HearModuleError, match=sentence) as caught:
        hear.scene(AUDIO, ["a.wav", "b.wav"])
    assert f"{hear.module_name}.get_scene_embeddings" in str(caught.value)


@pytest.mark.parametrize(
    ("timestamp", "sentence"),
    [
        ("timestamps = timestamps / 1000", "a.wav that look like seconds: the last is 1 "),
        ("timestamps = timestamps * 16", "end after the clip: the last is 16000 ms"),
        ("timestamps = timestamps.flip(1)", "do not ascend"),
        ("timestamps = timestamps.clone(); timestamps[1, 3] += 5", "b.wav that are not regular"),
        ("timestamps = timestamps.clone(); timestamps[1, 3] = torch.nan", "b.wav that are NaN"),
        ("timestamps = timestamps[0]", r"timestamps of shape \(21,\)"),
        ("timestamps = timestamps[:, 1:]", r"timestamps of shape \(2, 20\)"),
        ("embeddings, timestamps = embeddings[:, :0], timestamps[:, :0]", "no frame for a.wav"),
        ("embeddings = embeddings[0]", r"shape \(21, 4\); expected \(2, frames, 4\)$"),
        ("embeddings = embeddings.mT", r"shape \(2, 4, 21\); .*: swap the last two"),
        ("embeddings = embeddings[..., 1:]", "the model's timestamp_embedding_size is 4$"),
        ("return embeddings", r"returned Tensor; expected \(embeddings, timestamps\)"),
    ],
)
def test_bad_timestamps(modules: Path, timestamp: str, sentence: str) -> None:
    hear = load_hear_module(write_module(modules, timestamp=timestamp))
    with pytest.raises(HearModuleError, match=sentence):
        hear.timestamps(AUDIO, ["a.wav", "b.wav"])


def test_short_clips_and_integer_timestamps_are_allowed(modules: Path) -> None:
    hear = load_hear_module(write_module(modules, timestamp="timestamps = timestamps.long()"))
    for samples in (1, 799, 800, 801):
        embeddings, timestamps = hear.timestamps(torch.zeros(1, samples))
        assert embeddings.shape[1] == timestamps.shape[1] == samples // 800 + 1


def test_wrong_audio_is_refused(modules: Path) -> None:
    hear = load_hear_module(write_module(modules, source=SOURCE))
    for audio in (torch.zeros(16000), torch.zeros(1, 8).double(), torch.zeros(1, 0)):
        with pytest.raises(HearModuleError, match="Audio must be non-empty float32"):
            hear.scene(audio)


def test_a_gpu_in_this_process_gets_pinned_memory(
    modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear = load_hear_module(write_module(modules))
    assert hear.room(3) is None
    on_gpu = dataclasses.replace(hear, device="cuda")
    empty, pinned = torch.empty, []

    def made(samples: int, dtype: torch.dtype, pin_memory: bool) -> torch.Tensor:
        pinned.append(pin_memory)
        if samples > 10:
            raise RuntimeError("CUDA error: out of memory")
        return empty(samples, dtype=dtype)

    monkeypatch.setattr(torch, "empty", made)
    room = on_gpu.room(3)
    assert room is not None
    assert (room.shape, room.dtype, pinned) == ((3,), np.float32, [True])
    assert on_gpu.room(11) is None
