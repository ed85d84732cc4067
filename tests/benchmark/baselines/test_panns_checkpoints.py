"""PANNs weights: whose they are, what is refused, and in which words."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from benchmark.baselines import panns
from benchmark.baselines.panns.checkpoints import load_weights
from benchmark.baselines.panns.cnn import CNN6, CNN6_16K, CNN14_16K, Panns
from benchmark.baselines.panns.official import OFFICIAL, Official
from tests.benchmark.baselines.panns_models import noise


def like_the_authors(model: Panns) -> dict[str, Any]:
    """A checkpoint as their training code writes it: weights, sampler and the stored DFT."""
    settings = model.architecture.log_mel
    dft = torch.zeros(settings.n_fft // 2 + 1, 1, settings.n_fft)
    weights = {
        "spectrogram_extractor.stft.conv_real.weight": dft,
        "spectrogram_extractor.stft.conv_imag.weight": dft,
        **model.state_dict(),
    }
    sampler = {"indexes": np.arange(5), "pointer": 3, "rate": np.float64(0.5)}
    return {"iteration": 600000, "model": weights, "sampler": sampler}


def save_as_in_2020(content: dict[str, Any], path: Path) -> None:
    """In the format of PyTorch 1.x, with NumPy 1's module names."""
    torch.save(content, path, _use_new_zipfile_serialization=False)
    path.write_bytes(
        path.read_bytes().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    )


@pytest.fixture
def cnn6() -> Panns:
    return Panns(CNN6_16K, 7).eval()


def test_reads_a_checkpoint_of_the_authors(tmp_path: Path, cnn6: Panns) -> None:
    path = tmp_path / "Cnn6.pth"
    save_as_in_2020(like_the_authors(cnn6), path)
    loaded, card = load_weights(path)
    assert card == {}
    assert loaded.architecture is CNN6_16K
    assert not loaded.training
    assert loaded.fc_audioset.out_features == 7
    audio = noise(1, 16_000)
    torch.testing.assert_close(loaded(audio), cnn6(audio), rtol=0, atol=0)


@pytest.mark.parametrize("architecture", [CNN6, CNN14_16K], ids=lambda a: a.name)
def test_recognises_the_architecture(tmp_path: Path, architecture: Any) -> None:
    path = tmp_path / "weights.pth"
    torch.save(like_the_authors(Panns(architecture, 3)), path)
    assert load_weights(path)[0].architecture is architecture


def test_local_file_has_no_official_label(tmp_path: Path, cnn6: Panns) -> None:
    path = tmp_path / "Cnn14_mAP=0.431.pth"  # the name proves nothing
    torch.save(like_the_authors(cnn6), path)
    model = panns.load_model(str(path))
    assert model.row_label == "panns-cnn6-16k (Cnn14_mAP=0.431.pth, checksum unknown)"
    assert model.row_note is not None
    assert "not known to be the authors'" in model.row_note


def test_stand_in_is_labelled_as_such(
    tmp_path: Path, cnn6: Panns, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "panns_cnn6.safetensors"
    halves = {k: v.half() if v.ndim > 1 else v for k, v in cnn6.state_dict().items()}
    save_file(halves, path, metadata={"card": json.dumps({"note": "2 clips of 2 sources"})})
    monkeypatch.setattr(panns, "STAND_IN", path)
    model = panns.load_model()
    assert model.row_label == "panns-cnn6 (ours, same data, not official)"
    assert model.row_note is not None
    for words in (
        "2 clips of 2 sources",
        "not the authors'",
        "benchmark.baselines.panns=cnn14-16k",
    ):
        assert words in model.row_note
    assert (model.sample_rate, model.scene_embedding_size) == (16_000, 512)
    assert all(p.dtype == torch.float32 for p in model.parameters())
    audio = noise(1, 16_000)
    torch.testing.assert_close(model(audio), cnn6(audio), rtol=0.01, atol=0.01)


def test_bundled_stand_in() -> None:
    model = panns.load_model()
    scene = panns.get_scene_embeddings(noise(2, 16_000), model)
    assert scene.shape == (2, 512)
    assert torch.isfinite(scene).all()
    assert scene.std() > 0


def test_missing_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panns, "STAND_IN", tmp_path / "absent.safetensors")
    with pytest.raises(FileNotFoundError, match=r"stand-in weights are missing.*pretrain\.panns"):
        panns.load_model()


def test_unknown_name() -> None:
    with pytest.raises(FileNotFoundError, match="'cnn99' is neither a file nor one of the known"):
        panns.load_model("cnn99")


class TestOfficial:
    """A published checkpoint in the cache, played by a small one with its own checksum."""

    @pytest.fixture
    def file(self, tmp_path: Path, cnn6: Panns, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path))
        path = tmp_path / "panns" / "published.pth"
        path.parent.mkdir()
        torch.save(like_the_authors(cnn6), path)
        checksum = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        entry = Official(path.name, checksum, CNN6_16K, 0.5)
        monkeypatch.setitem(OFFICIAL, "cnn14-16k", entry)
        return path

    def test_by_name(self, file: Path) -> None:
        model = panns.load_model("cnn14-16k")
        assert model.row_label == "panns-cnn6-16k"
        assert model.row_note is not None
        assert "the authors' weights (published.pth" in model.row_note

    def test_by_path_under_another_name(self, file: Path) -> None:
        moved = file.rename(file.with_name("mine.pth"))
        assert panns.load_model(str(moved)).row_label == "panns-cnn6-16k"

    def test_other_bytes_in_the_cache(self, file: Path) -> None:
        with file.open("ab") as handle:
            handle.write(b"x")
        with pytest.raises(ValueError, match=r"published\.pth is not the published file; delete"):
            panns.load_model("cnn14-16k")


def bad_files() -> dict[str, Any]:
    fine = Panns(CNN6_16K, 3).state_dict()
    other_shape = {**fine, "conv_block1.conv1.weight": torch.zeros(64, 1, 7, 7)}
    return {
        r"conv_block1.conv1.weight has shape \(64, 1, 7, 7\), not \(64, 1, 5, 5\)": other_shape,
        r"fc1.bias is missing": {k: v for k, v in fine.items() if k != "fc1.bias"},
        r"att_block.weight has no place in it": {**fine, "att_block.weight": torch.zeros(1)},
        r"holds no weights": [1, 2],
        r"cannot be read as a PyTorch checkpoint: .* Python objects": {"model": Path("x")},
    }


@pytest.mark.parametrize("sentence", bad_files())
def test_refuses_other_checkpoints(tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "other.pth"
    torch.save(bad_files()[sentence], path)
    with pytest.raises(ValueError, match=f"other.pth.*{sentence}") as caught:
        load_weights(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["text.pth", "empty.pth", "text.safetensors"])
def test_refuses_files_of_another_kind(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("" if name.startswith("empty") else "hello, world")
    with pytest.raises(ValueError, match=f"{name} cannot be read as") as caught:
        load_weights(path)
    assert "\n" not in str(caught.value)
