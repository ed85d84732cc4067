"""ONNX files give the model's embeddings in onnxruntime, at any length."""

import json

import numpy as np
import pytest
import soundfile
import torch

import msssl_hear
from benchmark.models.fingerprint import weights_hash
from msssl_hear.export import export_encoder, file
from msssl_hear.export.file import TOLERANCE, made_clips, run_model, run_onnx
from msssl_hear.log_mel import LogMelConfig
from tests.msssl_hear.export.models import RATE, small_model, sounds

onnx = pytest.importorskip("onnx", reason="onnx is absent: pip install 'msssl-hear[onnx]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent: pip install 'msssl-hear[onnx]'")

# Ends of log-mel frames (160), hops (640) and strides of the coarsest stage (5120), and a minute.
LENGTHS = (1, 2, 159, 160, 161, 639, 640, 641, 5119, 5120, 5121, 16_000, 48_111, 60 * RATE)


def exported(model):
    from msssl_hear.export.onnx_model import onnx_model

    return run_onnx(onnx_model(model).SerializeToString(), threads=1)


def assert_equal(run, model, audio):
    for made, expected in zip(run(audio), run_model(model)(audio), strict=True):
        assert made.dtype == expected.dtype == np.float32
        np.testing.assert_allclose(made, expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("pitch_numbers", [0, 8])
@pytest.mark.parametrize("read_out", ["paper", "max_mean", "full", "scaled"])
def test_equal_from_one_sample_to_a_minute(read_out, pitch_numbers):
    model = small_model(read_out, pitch_numbers=pitch_numbers)
    run = exported(model)
    for samples in LENGTHS:
        assert_equal(run, model, made_clips(1 if samples > RATE else 2, samples, RATE))


@pytest.mark.parametrize("name", ["multi", "cola", "multi:paper", "cola:max_mean"])
def test_bundled_weights(name):
    model = msssl_hear.load_model(name)
    run = exported(model)
    for samples in (1, 640, 48_111):
        assert_equal(run, model, made_clips(3, samples, RATE))
    if name == "multi":
        for audio in sounds().values():
            assert_equal(run, model, audio)


def test_a_minute_of_the_bundled_encoder():
    model = msssl_hear.load_model()
    assert_equal(exported(model), model, made_clips(1, 60 * RATE, RATE))


@pytest.mark.shared
def test_real_recordings(shared_data):
    model = msssl_hear.load_model()
    run = exported(model)
    clips = sorted((shared_data / "tasks").glob("*/16000/*/*.ogg"))
    assert clips
    for clip in clips[:: len(clips) // 12]:
        audio, _ = soundfile.read(clip, dtype="float32", frames=10 * RATE)
        assert_equal(run, model, torch.from_numpy(audio)[None])


def test_another_front_end():
    """A checkpoint's card may ask for other windows, hops and bands: 37.5 ms a frame here."""
    config = LogMelConfig(n_fft=500, win_length=450, hop_length=150, n_mels=40, f_min=0.0)
    model = small_model("max_mean", config)
    run = exported(model)
    for samples in (1, 149, 150, 599, 600, 601, 20_000):
        assert_equal(run, model, made_clips(2, samples, RATE))


def test_another_runtime_reads_it_the_same():
    """ONNX's reference evaluator, in NumPy and strict about shapes."""
    from onnx.reference import ReferenceEvaluator

    model = small_model("full")
    evaluator = ReferenceEvaluator(onnx.load_from_string(file_of(model)))
    assert_equal(
        lambda x: evaluator.run(None, {"audio": x.numpy()}), model, made_clips(2, 700, RATE)
    )


def test_batch_mates_do_not_matter():
    model = small_model("full")
    run = exported(model)
    audio = made_clips(4, 12_345, RATE)
    together = run(audio)
    for row, clip in enumerate(audio):
        scene, frames, _ = run(clip[None])
        np.testing.assert_allclose(scene[0], together[0][row], atol=2e-5)
        np.testing.assert_allclose(frames[0], together[1][row], atol=2e-5)


def test_the_file_says_what_it_is(tmp_path):
    model = msssl_hear.load_model("multi:paper")
    path = tmp_path / "new" / "folder" / "multi.onnx"
    done = export_encoder(model, path, "onnx")
    assert done.path == path and done.size == path.stat().st_size and done.difference < TOLERANCE
    written = onnx.load(path)
    facts = {entry.key: entry.value for entry in written.metadata_props}
    assert facts["weights_sha256"] == weights_hash(model)
    assert json.loads(facts["card"]) == model.card
    assert (facts["model"], facts["read_out"]) == ("multi:paper", "paper")
    assert (facts["sample_rate"], facts["hop_ms"]) == ("16000", "40.0")
    assert facts["scene_embedding_size"] == facts["timestamp_embedding_size"] == "512"
    assert facts["licence"] == "Apache-2.0"
    assert facts["msssl_hear_version"] == msssl_hear.__version__ == written.producer_version
    shapes = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*written.graph.input, *written.graph.output)
    }
    assert shapes == {
        "audio": ["batch", "samples"],
        "scene_embeddings": ["batch", 512],
        "timestamp_embeddings": ["batch", "frames", 512],
        "timestamps_ms": ["frames"],
    }


def test_the_same_model_makes_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        export_encoder(small_model("full"), tmp_path / name, "onnx")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_file_that_differs_is_not_written(tmp_path, monkeypatch):
    path = tmp_path / "small.onnx"
    path.write_text("an earlier one")
    model = small_model("full")
    wrong = small_model("full")
    wrong.encoder.smoothing.bias.data += 2e-4
    monkeypatch.setattr(file, "_onnx", lambda _: file_of(wrong))
    with pytest.raises(ValueError, match=r"differs from the model by 2\.\de-04"):
        export_encoder(model, path, "onnx")
    longer = small_model("max_mean")
    monkeypatch.setattr(file, "_onnx", lambda _: file_of(longer))
    with pytest.raises(ValueError, match="gives the shape"):
        export_encoder(model, path, "onnx")
    assert path.read_text() == "an earlier one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["small.onnx"]


def file_of(model):
    from msssl_hear.export.onnx_model import onnx_model

    return onnx_model(model).SerializeToString()


def test_exporting_changes_no_cached_embedding():
    """What is hashed into cache keys is the code behind a model's classes: none of it is here."""
    model = msssl_hear.load_model()
    file_of(model)
    assert not [part for part in model.modules() if "export" in type(part).__module__]
