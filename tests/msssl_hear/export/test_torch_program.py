"""``.pt2`` files give the model's embeddings, at any length, with no pickle in them."""

import io
import zipfile

import numpy as np
import pytest
import torch

import msssl_hear
from msssl_hear.export import torch_program as program_file
from msssl_hear.export.file import TOLERANCE, export_encoder, made_clips, run_model, run_torch
from msssl_hear.export.metadata import METADATA_FILE, metadata_json
from tests.msssl_hear.export.models import RATE, small_model, sounds

LENGTHS = (1, 2, 159, 160, 639, 640, 641, 5119, 5120, 5121, 48_111, 60 * RATE)


@pytest.fixture(scope="module")
def model():
    return small_model("full")


@pytest.fixture(scope="module")
def data(model):
    return program_file.torch_program(model)


@pytest.fixture(scope="module")
def loaded(data):
    """The program, loaded once (it takes seconds), and its metadata."""
    extra = {METADATA_FILE: ""}
    program = torch.export.load(io.BytesIO(data), extra_files=extra).module()
    return program, extra[METADATA_FILE]


def assert_equal(run, model, audio):
    for made, expected in zip(run(audio), run_model(model)(audio), strict=True):
        np.testing.assert_allclose(made, expected, atol=TOLERANCE, rtol=0)


def test_equal_from_one_sample_to_a_minute(model, loaded):
    def run(audio):
        with torch.inference_mode():
            return [output.numpy() for output in loaded[0](audio)]

    for samples in LENGTHS:
        assert_equal(run, model, made_clips(1, samples, RATE))
    assert_equal(run, model, made_clips(3, 640, RATE))
    for audio in sounds().values():
        assert_equal(run, model, audio)


@pytest.mark.parametrize("pitch_numbers", [0, 8])
@pytest.mark.parametrize("read_out", ["paper", "max_mean", "full", "scaled"])
def test_without_branches_it_is_the_same_model(read_out, pitch_numbers):
    """What is traced, before it is traced: quick enough for every read-out."""
    model = small_model(read_out, pitch_numbers=pitch_numbers)
    whole = program_file.WholeModel(model).eval()

    def run(audio):
        with torch.inference_mode():
            return [output.numpy() for output in whole(audio)]

    for samples in LENGTHS[:-1]:
        assert_equal(run, model, made_clips(2, samples, RATE))


def test_no_pickle_and_the_metadata(model, data, loaded):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, content in members.items() if content.startswith(b"PK\3\4")]
    assert not [name for name, content in members.items() if name.endswith(".pt") and content]
    assert loaded[1] == metadata_json(model)


def test_a_pickle_would_be_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        inner = io.BytesIO()
        torch.save(torch.zeros(2), inner)
        archive.writestr("serialized_state_dict.pt", inner.getvalue())
    with pytest.raises(ValueError, match=r"would put a pickle into the file .serialized_state"):
        program_file._refuse_pickles(file)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["multi", "cola", "multi:paper"])
def test_bundled_weights(name, tmp_path):
    model = msssl_hear.load_model(name)
    done = export_encoder(model, tmp_path / "bundled.pt2", "torch")
    run = run_torch(done.path.read_bytes())
    for samples in LENGTHS:
        assert_equal(run, model, made_clips(1, samples, RATE))
