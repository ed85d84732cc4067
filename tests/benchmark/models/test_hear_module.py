import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.models.hear_module import load_hear_module
from benchmark.models.outputs import HearModuleError
from benchmark.models.worker.interpreter import Interpreter
from tests import ROOT
from tests.benchmark.fake_modules import SOURCE, write_module

ONE_FRAME = "embeddings, timestamps = embeddings[:, :1], timestamps[:, :1]"
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


def test_a_file_is_not_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.pt").touch()
    (tmp_path / "hubert").mkdir()
    (tmp_path / "hubert" / "config.json").touch()
    for spec, words in {
        "mine.py": r"give what one would import, mine$",
        "there/mine.py=w.pt": r"import, mine, and start in there$",
        "hubert": r"give benchmark\.adapters\.transformers=hubert$",
        "./weights.pt": r"give MODULE=\./weights\.pt, where",
    }.items():
        with pytest.raises(HearModuleError, match=words):
            load_hear_module(spec)


def test_a_loader_that_wants_a_checkpoint(modules: Path) -> None:
    name = write_module(modules, load="open(path)")
    with pytest.raises(HearModuleError, match=f"checkpoint, give {name}=FILE$"):
        load_hear_module(name)
    with pytest.raises(HearModuleError, match=r"No such file or directory: 'nowhere'$"):
        load_hear_module(f"{name}=nowhere")


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
        load_hear_module("some/file")
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
        ("embeddings = embeddings.to_sparse()", r"as a torch.sparse_coo tensor; expected an"),
        ("embeddings = embeddings.to_mkldnn()", r"as a torch._mkldnn tensor"),
        ("embeddings = embeddings.to('meta')", r"embeddings as a meta tensor"),
        ("embeddings = torch.nested.nested_tensor(list(embeddings))", r"as a nested tensor"),
        ("embeddings = embeddings.to(torch.complex64)", r"returned torch.complex64 embeddings"),
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
        ("timestamps = timestamps - 500", "begin before the clip: the first is -500 ms, and"),
        ("timestamps = timestamps / 10", "leave out most of the clip: the last is 100 ms"),
        ("timestamps = timestamps / 50", "leave out most of the clip: the last is 20 ms"),
        ("timestamps = timestamps + 1j", "returned torch.complex64 timestamps"),
        ("timestamps = timestamps.to_sparse()", "timestamps as a torch.sparse_coo tensor"),
        (ONE_FRAME + "+ 1e9", r"lie outside: 1e\+09 ms, and the clip has 1000 ms"),
        (ONE_FRAME + "- 1e9", "lie outside"),
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


@pytest.mark.parametrize("here", [True, pytest.param(False, marks=pytest.mark.own_process)])
def test_tensors_of_rare_kinds_have_their_numbers(modules: Path, here: bool) -> None:
    """One memory for all calls, a sign that is not carried out, gradients, strides, a subclass."""
    kinds = (
        "rare = [torch._neg_view(-embeddings), embeddings.t().contiguous().t(),\n"
        "        torch.nn.Parameter(embeddings),\n"
        "        embeddings.as_subclass(type('T', (torch.Tensor,), {})),\n"
        "        torch.stack([embeddings, embeddings], 2)[..., 1]]\n"
        "same = globals().setdefault('same', torch.zeros(2, 4))\n"
        "same[:] = embeddings\n"
        "embeddings = [*rare, same][int(audio[0, 0] * 8)]"
    )
    hear = load_hear_module(
        write_module(modules, scene=kinds), "cpu", None if here else Interpreter.here()
    )
    found, plain = [], []
    for number in [*range(6), 5]:
        audio = torch.rand(2, 800, generator=torch.Generator().manual_seed(len(found)))
        audio[0, 0] = number / 8
        found.append(hear.scene(audio))
        plain.append(audio.square().mean(1, keepdim=True) * torch.arange(1.0, 5.0))
    np.testing.assert_allclose(found, torch.stack(plain), rtol=1e-6)
    hear.close()


def test_windows_that_are_longer_than_clips_are_allowed(modules: Path) -> None:
    few = "embeddings, timestamps = embeddings[:, :4], timestamps[:, :4]"  # left-aligned, long
    hear = load_hear_module(write_module(modules, timestamp=few))
    assert hear.timestamps(torch.zeros(1, 16000))[1].tolist() == [[0, 50, 100, 150]]
    hear = load_hear_module(write_module(modules, timestamp=ONE_FRAME + "+ 15_000"))
    assert hear.timestamps(torch.zeros(1, 800))[1].tolist() == [[15000]]


def test_a_time_axis_of_half_the_speed_is_refused_where_clips_are_long(modules: Path) -> None:
    hear = load_hear_module(write_module(modules, timestamp="timestamps = timestamps / 2"))
    with pytest.raises(HearModuleError, match="leave out most of the clip: the last is 40000 ms"):
        hear.timestamps(torch.zeros(1, 80 * 16000))


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
