"""What must not happen when other people's checkpoints are read, and what is said instead."""

import json
import pickle
import shutil
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmark.adapters import transformers as hear
from benchmark.adapters.hub import CheckpointError
from tests.benchmark.adapters.conftest import Made

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

OWN_CODE = """
from pathlib import Path
from transformers import HubertConfig, HubertModel, PretrainedConfig
Path(r"{mark}").write_text("ran")

class OwnConfig(HubertConfig):
    model_type = "own-hubert"

class OwnModel(HubertModel):
    config_class = OwnConfig
"""


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    """A small HuBERT to be spoilt."""
    return shutil.copytree(made("hubert"), tmp_path / "model")


def edit(path: Path, **facts: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def refusal(text: object) -> str:
    with pytest.raises(CheckpointError) as caught:
        hear.load_model(str(text))
    said = str(caught.value)
    assert "\n" not in said
    return said


class RunsCode:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return Path.write_text, (self.mark, "ran")


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save({**weights, "more": RunsCode(mark)}, folder / "pytorch_model.bin")
    assert "its weights cannot be loaded" in refusal(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(RunsCode(mark)))
    assert "its weights cannot be loaded" in refusal(folder)
    assert not mark.exists()


def test_pickled_tensors_are_the_same_weights(folder: Path, made: Made) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    audio = torch.linspace(-1, 1, 4000)[None]
    torch.testing.assert_close(
        hear.get_scene_embeddings(audio, hear.load_model(str(folder))),
        hear.get_scene_embeddings(audio, hear.load_model(str(made("hubert")))),
    )


def test_code_of_a_checkpoint_runs_only_when_it_is_asked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    (folder / "own.py").write_text(OWN_CODE.format(mark=mark))
    auto_map = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    edit(folder / "config.json", model_type="own-hubert", auto_map=auto_map)
    said = refusal(folder)
    assert "may do on this machine all that you may" in said
    assert "?trust_remote_code=yes" in said
    assert not mark.exists()
    modules = str(tmp_path / "modules")
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", modules)
    monkeypatch.setattr(sys, "path", [*sys.path])
    model = hear.load_model(f"{folder}?trust_remote_code=yes&layer=1")
    assert mark.read_text() == "ran"
    assert "with Python code of the checkpoint" in model.row_note
    assert hear.get_scene_embeddings(torch.zeros(1, 4000), model).shape == (1, 32)


def test_weights_are_never_drawn_by_chance(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    name = "encoder.layers.1.feed_forward.output_dense.weight"
    del weights[name]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    said = refusal(folder)
    assert f"no weights for {name} (1 tensors in all)" in said


def test_a_fine_tuned_checkpoint_gives_the_encoder_beneath(made: Made, tmp_path: Path) -> None:
    config = transformers.AutoConfig.from_pretrained(made("wav2vec2"))
    tuned = transformers.Wav2Vec2ForCTC(config)
    tuned.save_pretrained(tmp_path / "ctc")
    shutil.copy(made("wav2vec2") / "preprocessor_config.json", tmp_path / "ctc")
    audio = torch.linspace(-1, 1, 4000)[None]
    found = hear.get_timestamp_embeddings(audio, hear.load_model(str(tmp_path / "ctc")))[0]
    scaled = (audio - audio.mean()) / (audio.var(correction=0) + 1e-7).sqrt()
    with torch.no_grad():
        truth = tuned.eval().wav2vec2(scaled).last_hidden_state
    torch.testing.assert_close(found, truth, rtol=1e-4, atol=1e-5)


def test_half_precision_weights_are_used_in_float32(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    halves = {name: weight.half() for name, weight in weights.items()}
    save_file(halves, folder / "model.safetensors", {"format": "pt"})
    edit(folder / "config.json", dtype="float16")
    model = hear.load_model(str(folder))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_what_is_said(folder: Path, made: Made, tmp_path: Path) -> None:
    assert "layers 0 to 2" in refusal(f"{folder}?layer=3")
    assert "only msbench run makes" in refusal(f"{folder}?layer=all")
    with pytest.raises(ValueError, match="no mean"):
        hear.load_model(f"{made('clap')}?layer=mean")
    extractor = folder / "preprocessor_config.json"
    facts = extractor.read_text()
    extractor.unlink()
    assert "no preprocessor_config.json" in refusal(folder)
    extractor.write_text(facts)
    (folder / "config.json").write_text('{"model_type": "bert"}')
    assert "type 'bert', which has no adapter" in refusal(folder)
    (folder / "config.json").write_text('{"model_type": "no-such"}')
    assert "it cannot be read" in refusal(folder)
    (folder / "config.json").write_text("{")
    assert "it cannot be read" in refusal(folder)
    (folder / "config.json").unlink()
    assert "no config.json" in refusal(folder)
    shutil.copytree(made("whisper"), tmp_path / "empty")
    (tmp_path / "empty" / "model.safetensors").write_bytes(b"no weights")
    assert "its weights cannot be loaded" in refusal(tmp_path / "empty")


def test_without_the_library_one_sentence_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    install = "is not installed: pip install 'msssl-hear[transformers]'"
    assert refusal(folder) == f"transformers {install}"
    assert refusal("someone/model") == f"huggingface_hub {install}"
