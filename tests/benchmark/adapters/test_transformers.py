"""The adapter beside transformers used directly, on small models of every family."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.adapters import transformers as hear
from benchmark.adapters.model import TransformersModel
from benchmark.models.fingerprint import weights_hash
from benchmark.models.hear_module import load_hear_module
from benchmark.models.worker.interpreter import Interpreter
from tests.benchmark.adapters.conftest import Made

pytest.importorskip("transformers", reason="transformers is not installed")
from tests.benchmark.adapters.direct import Direct
from tests.benchmark.adapters.small_models import FAMILIES

EACH_TOWER = ["hubert", "whisper", "ast", "clap-fused"]
EQUAL = {"rtol": 1e-4, "atol": 1e-5}  # other shapes, other order of float32 sums


def noise(clips: int, seconds: float, rate: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand((clips, int(seconds * rate)), generator=generator) - 0.5) / 5


def frames_of(audio: torch.Tensor, model: TransformersModel) -> torch.Tensor:
    return hear.get_timestamp_embeddings(audio, model)[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_embeddings_are_those_of_the_model(family: str, made: Made) -> None:
    model = hear.load_model(str(made(family)))
    audio = noise(2, 1.3, model.sample_rate)
    direct = Direct(made(family), audio)
    frames, times = hear.get_timestamp_embeddings(audio, model)
    truth = direct.frames()[:, : frames.shape[1]]
    torch.testing.assert_close(frames, truth, **EQUAL)
    assert frames.shape == (2, times.shape[1], model.timestamp_embedding_size)
    assert 1000 * 1.3 - float(times[0, -1]) <= 1.5 * float(times[0, 1] - times[0, 0])
    own = direct.scene()
    scene = truth.mean(dim=1) if own is None else own
    torch.testing.assert_close(hear.get_scene_embeddings(audio, model), scene, **EQUAL)


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_are_the_models_hidden_states(family: str, made: Made) -> None:
    folder = made(family)
    rows = hear.checkpoints(f"{folder}?layer=all")
    audio = noise(2, 1.3, hear.load_model(rows[0]).sample_rate)
    direct = Direct(folder, audio)
    assert rows == [f"{folder}?layer={layer}" for layer in range(direct.layers + 1)]
    parameters = []
    for layer, row in enumerate(rows):
        model = hear.load_model(row)
        frames = frames_of(audio, model)
        torch.testing.assert_close(frames, direct.frames(layer)[:, : frames.shape[1]], **EQUAL)
        scene = hear.get_scene_embeddings(audio, model)
        torch.testing.assert_close(scene, frames.mean(dim=1))
        assert (model.timestamp_embedding_size, model.scene_embedding_size) == (scene.shape[1],) * 2
        assert model.row_label == f"{family} layer {layer}"
        parameters.append(sum(parameter.numel() for parameter in model.parameters()))
    if not family.startswith("clap"):  # a row costs what its layer needs
        assert parameters[1] < parameters[2]
        model = hear.load_model(f"{folder}?layer=mean")
        mean = sum(direct.frames(layer) for layer in range(len(rows))) / len(rows)
        torch.testing.assert_close(frames_of(audio, model), mean[:, : frames.shape[1]], **EQUAL)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_clip_is_the_same_alone_and_in_company(family: str, made: Made) -> None:
    model = hear.load_model(str(made(family)))
    audio = noise(3, 0.7, model.sample_rate) * torch.tensor([[0.01], [1.0], [0.0]])
    together = frames_of(audio, model), hear.get_scene_embeddings(audio, model)
    for clip in range(3):
        alone = audio[clip : clip + 1]
        torch.testing.assert_close(frames_of(alone, model)[0], together[0][clip], **EQUAL)
        torch.testing.assert_close(
            hear.get_scene_embeddings(alone, model)[0], together[1][clip], **EQUAL
        )


@pytest.mark.parametrize("layer", ["", "?layer=0"])
@pytest.mark.parametrize("family", EACH_TOWER)
def test_a_click_changes_the_frames_at_its_time(family: str, layer: str, made: Made) -> None:
    """Also in audio of several windows, near their edges and at its end."""
    model = hear.load_model(f"{made(family)}{layer}")
    window = model.grid.window_samples / model.model_rate
    audio = noise(1, 2.6 * window, model.sample_rate, seed=1)
    before, times = hear.get_timestamp_embeddings(audio, model)
    hop = float(times[0, 1] - times[0, 0])
    assert np.allclose(np.diff(times[0].numpy()), hop, atol=0.01)
    for share in (0.1, 0.31, 0.38, 0.6, 0.98):
        sample = int(share * audio.shape[1])
        clicked = audio.clone()
        clicked[0, sample - 20 : sample + 20] = torch.tensor([0.9, -0.9]).repeat(20)
        change = (frames_of(clicked, model) - before)[0].norm(dim=1)
        # The middle of where the change is large: it may be spread over some frames.
        high = times[0][change > change.max() / 2]
        found = float(high.min() + high.max()) / 2
        # HEAR's collar of note onsets, or three quarters of a coarse hop.
        near = max(50.0, 0.75 * hop)
        assert found == pytest.approx(1000 * sample / model.sample_rate, abs=near)


def test_a_frame_of_convolutions_is_made_of_the_samples_around_its_time(made: Made) -> None:
    model = hear.load_model(str(made("wav2vec2-large")))  # normalised frame by frame
    audio = noise(1, 0.5, 16000)
    convolutions = model.tower.model.feature_extractor
    times = model.times(audio.shape[1]).numpy()
    with torch.no_grad():
        before = convolutions(audio)
        for sample in (0, 200, 399, 400, 5000, 7999):
            changed = audio.clone()
            changed[0, sample] += 0.5
            moved = (convolutions(changed) != before).any(dim=1)[0].numpy()
            near = np.abs(times * 16 - sample) <= 199.5
            assert (moved == near).all()


@pytest.mark.parametrize("family", EACH_TOWER)
def test_long_audio_is_the_model_on_windows(family: str, made: Made) -> None:
    """The first window's frames, up to where the next one takes over, and the last one's."""
    model = hear.load_model(f"{made(family)}?layer=1")
    grid = model.grid
    audio = noise(1, 1.5 * grid.window_samples / model.sample_rate, model.sample_rate, seed=2)
    frames = frames_of(audio, model)
    first, last = list(grid.windows(audio.shape[1]))
    assert frames.shape[1] == grid.count(audio.shape[1])
    assert frames.shape[1] > grid.window_frames
    scaled = audio if family != "hubert" else model.tower.prepare(audio)
    for window, place in ((first, slice(None, first.kept)), (last, slice(first.kept, None))):
        piece = scaled[:, window.start : window.stop]
        truth = Direct(made(family), piece).frames(1)[:, window.skipped :][:, : window.kept]
        torch.testing.assert_close(frames[:, place], truth, **EQUAL)


@pytest.mark.parametrize("family", [*EACH_TOWER, "wav2vec2"])
@pytest.mark.parametrize("samples", [1, 100, 319])
def test_shortest_clips(family: str, samples: int, made: Made) -> None:
    model = hear.load_model(str(made(family)))
    audio = noise(2, 1, model.sample_rate)[:, :samples]
    frames, times = hear.get_timestamp_embeddings(audio, model)
    assert frames.shape == (2, 1, model.timestamp_embedding_size)
    assert frames.isfinite().all()
    centre = min(samples, model.grid.centre) * 1000 / model.sample_rate
    assert times.tolist() == pytest.approx(np.full((2, 1), centre))
    assert hear.get_scene_embeddings(audio, model).isfinite().all()


def test_a_rate_that_hear_lacks_is_resampled_to(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made("wav2vec2-large"), tmp_path / "at24000")
    facts = folder / "preprocessor_config.json"
    facts.write_text(facts.read_text().replace("16000", "24000"))
    model = hear.load_model(str(folder))
    assert model.sample_rate == 32000
    seconds = torch.arange(32000) / 32000
    tone = (torch.sin(2 * torch.pi * 440 * seconds) / 2)[None]
    frames, times = hear.get_timestamp_embeddings(tone, model)
    direct = Direct(folder, (torch.sin(2 * torch.pi * 440 * torch.arange(24000) / 24000) / 2)[None])
    assert frames.shape == direct.frames().shape
    assert times[0, :2].tolist() == pytest.approx([199.5 / 24, 519.5 / 24])
    inside = slice(10, -10)  # the tone begins and ends at once, which no resampler keeps
    difference = (frames - direct.frames())[:, inside].norm() / frames[:, inside].norm()
    assert difference < 0.02


def test_what_is_no_audio_is_refused(made: Made) -> None:
    model = hear.load_model(str(made("hubert")))
    for bad in (torch.zeros(16000), torch.zeros(1, 0), torch.zeros(1, 100, dtype=torch.int16)):
        with pytest.raises(ValueError, match="shape"):
            hear.get_scene_embeddings(bad, model)


@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json"])
def test_the_hash_of_the_weights_knows_how_audio_is_prepared(
    file: str, made: Made, tmp_path: Path
) -> None:
    before = weights_hash(hear.load_model(str(made("hubert"))))
    folder = shutil.copytree(made("hubert"), tmp_path / "moved")
    assert weights_hash(hear.load_model(str(folder))) == before
    facts = json.loads((folder / file).read_text())
    key, value = ("conv_stride", [5, 2, 2, 2, 2, 2, 1])
    if file != "config.json":
        key, value = "do_normalize", True
    (folder / file).write_text(json.dumps({**facts, key: value}))
    assert weights_hash(hear.load_model(str(folder))) != before
    assert weights_hash(hear.load_model(f"{made('hubert')}?layer=2")) != before


@pytest.mark.slow
def test_in_another_interpreter_it_is_the_same(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a worker, ``import transformers`` must find the library and not the adapter itself."""
    root = Path(__file__).resolve().parents[3]
    monkeypatch.setenv("PYTHONPATH", str(root))
    spec = f"benchmark.adapters.transformers={made('hubert')}?layer=1"
    here = load_hear_module(spec)
    there = load_hear_module(spec, interpreter=Interpreter(Path(sys.executable)))
    try:
        audio = noise(2, 0.5, 16000)
        np.testing.assert_allclose(there.scene(audio), here.scene(audio), atol=1e-6)
        assert weights_hash(there.model) == weights_hash(here.model)
        assert there.label == here.label == "hubert layer 1"
        assert here.note is not None and there.note is not None
        assert there.note.startswith(here.note)
    finally:
        there.close()
