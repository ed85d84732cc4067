"""Outputs of another type, models of TensorFlow, modules that raise."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.validator import ValidationError, validate
from benchmark.validator.report import Report
from benchmark.validator.time_axis import check_time_axis
from tests.benchmark.validator.fake_module import (
    FakeModel,
    changed,
    clean_scene,
    clean_timestamps,
    hear_module,
)


def test_only_embeddings_returned(warnings_of) -> None:
    module = hear_module(timestamps=lambda audio, model: model.frames(audio))
    with pytest.raises(ValidationError, match=r"return embeddings and timestamps, but .* Tensor"):
        warnings_of(module)


def test_numpy_timestamps(warnings_of) -> None:
    module = hear_module(timestamps=changed(lambda e, t: (e, t.numpy())))
    with pytest.raises(ValidationError, match=r"timestamps .* must be a tensor, but is ndarray"):
        warnings_of(module)


def test_outputs_with_a_gradient_pass(warnings_of) -> None:
    def scene(audio: Tensor, model: FakeModel) -> Tensor:
        with torch.enable_grad():
            return clean_scene(audio, model) * torch.ones(8, requires_grad=True)

    assert warnings_of(hear_module(scene=scene)) == []


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_timestamps_fail(dtype: torch.dtype, warnings_of) -> None:
    module = hear_module(FakeModel(20, 25), changed(lambda e, t: (e, t.to(dtype))))
    with pytest.raises(ValidationError, match=r"Timestamps (must increase|should occur at reg)"):
        warnings_of(module)


def test_a_module_that_raises(warnings_of) -> None:
    def load_model(path: str = "") -> None:
        raise FileNotFoundError("no weights\nat x.pt")

    module = hear_module()
    module.load_model = load_model
    message = "^load_model raised FileNotFoundError: no weights at x.pt$"
    with pytest.raises(ValidationError, match=message):
        warnings_of(module)


def test_odd_timestamps_that_only_warn() -> None:
    report = Report()
    check_time_axis(np.array([[-50, 0, 50]]), 1.0, report)
    assert report.warnings == [
        "Your timestamps are int64: float32 keeps fractions of a millisecond.",
        "Your timestamps begin at -50ms, before the audio does.",
    ]


def test_seconds_are_said_first_also_where_they_end_early(warnings_of) -> None:
    """A published wrapper's windows of a second, every 50 ms, none of them padded."""

    def windows(embeddings: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        count = max(2, times.shape[1] - 20)
        return embeddings[:, :count], times[:, :count] / 1000

    with pytest.raises(ValidationError, match=r"timestamps end at 0\.050 for audio of 1\.07 s: th"):
        warnings_of(hear_module(timestamps=changed(windows)))


class FakeTensorFlowTensor:
    """As much of an eager tensor as the validator touches."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.dtype = values, values.dtype

    def numpy(self) -> np.ndarray:
        return self.values


class FakeTensorFlowModel:
    """A model of a stand-in TensorFlow, around the torch one."""

    sample_rate, scene_embedding_size, timestamp_embedding_size = 16000, 8, 8
    inner = FakeModel()


@pytest.fixture
def tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = SimpleNamespace(
        Module=FakeTensorFlowModel,
        Tensor=FakeTensorFlowTensor,
        float32=np.dtype("float32"),
        convert_to_tensor=FakeTensorFlowTensor,
    )
    monkeypatch.setitem(sys.modules, "tensorflow", stand_in)


def tensorflow_module() -> ModuleType:
    def timestamps(audio: FakeTensorFlowTensor, model: FakeTensorFlowModel):
        outputs = clean_timestamps(torch.from_numpy(audio.numpy()), model.inner)
        return tuple(FakeTensorFlowTensor(output.numpy()) for output in outputs)

    def scene(audio: FakeTensorFlowTensor, model: FakeTensorFlowModel):
        output = clean_scene(torch.from_numpy(audio.numpy()), model.inner)
        return FakeTensorFlowTensor(output.numpy())

    return hear_module(FakeTensorFlowModel(), timestamps, scene)


@pytest.mark.usefixtures("tensorflow")
def test_a_tensorflow_module_passes_where_tensorflow_is_loaded(warnings_of) -> None:
    assert warnings_of(tensorflow_module()) == []


def test_the_validator_does_not_import_tensorflow(warnings_of) -> None:
    with pytest.raises(ValidationError, match="Model must be either a PyTorch module"):
        warnings_of(tensorflow_module())
    assert "tensorflow" not in sys.modules


def test_an_unknown_module() -> None:
    with pytest.raises(ValidationError, match="Cannot import no_such_module: ModuleNotFoundError"):
        validate("no_such_module", "", "cpu")
