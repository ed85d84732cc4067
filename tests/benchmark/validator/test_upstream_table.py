"""The 37 broken modules whose upstream verdicts the protocol lists (hear-protocol.md, part 3)."""

import re
import sys
from types import ModuleType

import pytest
import torch
from torch import Tensor

from benchmark.validator import ValidationError, validate
from benchmark.validator.checks_upstream import check_load_model, check_timestamp_embeddings
from benchmark.validator.report import Report
from tests.benchmark.validator.fake_module import (
    FakeModel,
    changed,
    clean_scene,
    hear_module,
    model_with,
    model_without,
)

DENSER = (
    "We suggest a interval between timestamps less than or equal to 50ms to accommodate a "
    "tolerance of 50ms for music transcription tasks."
)


def ends(last: str, audio: str) -> str:
    return (
        f"Your timestamps end at {last}ms, but the audio is {audio} ms. You won't have embeddings "
        "for events at the end of the audio."
    )


def scene(change: object) -> ModuleType:
    return hear_module(scene=lambda audio, model: change(clean_scene(audio, model)))


def times(change: object) -> ModuleType:
    """Only the timestamps are changed: shifted, scaled or reversed."""
    return hear_module(timestamps=changed(lambda e, t: (e, change(t))))


def both(change: object) -> ModuleType:
    return hear_module(timestamps=changed(change))


def jitter(timestamps: Tensor) -> Tensor:
    odd = torch.arange(timestamps.shape[1]) % 2
    return timestamps + 3 * odd


def end_late(embeddings: Tensor, timestamps: Tensor) -> tuple[Tensor, Tensor]:
    frames = timestamps.shape[1] + 2
    longer = torch.cat([embeddings, embeddings[:, -2:]], dim=1)
    return longer, (torch.arange(frames) * 50.0).repeat(len(embeddings), 1)


NOT_A_MODEL = (
    "Model must be either a PyTorch module: "
    "https://pytorch.org/docs/stable/generated/torch.nn.Module.html or a tensorflow module: "
    "https://www.tensorflow.org/api_docs/python/tf/Module"
)
JITTER = (
    "Timestamps should occur at regular intervals. Found a deviation 3.1428565979003906ms larger "
    "than 1ms between adjacent timestamps. If you REALLY want to use a variable hop-size,"
    "please contact us"
)
BATCH = (
    "Passed in a batch of {} audio samples, but your model returned {}. These values should be the "
    "same."
)
SIZE = (
    "Output embedding size is {}. Your model specified an embedding size of {} in Model.{}. These "
    "values should be the same."
)
DIMENSIONS = (
    "Output dimensions of the {} is incorrect. Expected {} dimensions, but received shape{}."
)
COUNT = (
    "Output shape of the timestamps from get_timestamp_embeddings is incorrect. Expected (2, 21), "
    "but received (2, 22)."
)
EXPOSE = "Model must expose the output size of the {} embeddings as an attribute: {}"
FLOAT32 = "Expected embeddings to be torch.float32, received torch.{}."

FAILS_UPSTREAM = {
    "no load_model": (
        hear_module(without="load_model"),
        "Your API must include a function: 'load_model'",
    ),
    "not a module": (hear_module(object()), NOT_A_MODEL),
    "no sample_rate": (
        hear_module(model_without("sample_rate")),
        "Model must expose expected input audio sample rate as an attribute.",
    ),
    "sample_rate 8000": (
        hear_module(model_with(sample_rate=8000)),
        "Input sample rate of 8000 is invalid. Must be one of [16000, 22050, 32000, 44100, 48000]",
    ),
    "no scene size": (
        hear_module(model_without("scene_embedding_size")),
        EXPOSE.format("scene", "scene_embedding_size"),
    ),
    "scene size float": (
        hear_module(model_with(scene_embedding_size=8.0)),
        "Model.scene_embedding_size must be an int",
    ),
    "no ts size": (
        hear_module(model_without("timestamp_embedding_size")),
        EXPOSE.format("timestamp", "timestamp_embedding_size"),
    ),
    "ts size float": (
        hear_module(model_with(timestamp_embedding_size=8.0)),
        "Model.timestamp_embedding_size must be an int",
    ),
    "no get_timestamp_embeddings": (
        hear_module(without="get_timestamp_embeddings"),
        "Your API must include a function: 'get_timestamp_embeddings'",
    ),
    "no get_scene_embeddings": (
        hear_module(without="get_scene_embeddings"),
        "Your API must include a function: 'get_scene_embeddings'",
    ),
    "ts emb float64": (both(lambda e, t: (e.double(), t)), FLOAT32.format("float64")),
    "ts emb 2-D": (
        both(lambda e, t: (e[:, 0], t)),
        DIMENSIONS.format("embeddings from get_timestamp_embeddings", 3, "(2, 8)"),
    ),
    "timestamps 1-D": (
        times(lambda t: t[0]),
        DIMENSIONS.format("timestamps from get_timestamp_embeddings", 2, "(22,)"),
    ),
    "ts batch 1": (both(lambda e, t: (e[:1], t[:1])), BATCH.format(2, 1)),
    "ts count mismatch": (both(lambda e, t: (e[:, :-1], t)), COUNT),
    "ts wrong size": (
        both(lambda e, t: (e[..., :5], t)),
        SIZE.format(5, 8, "timestamp_embedding_size"),
    ),
    "jitter 3 ms": (times(jitter), JITTER),
    "ends late": (both(end_late), "Your timestamps end at 1150.0ms, but the audio is 1070.0 ms."),
    "scene float64": (scene(lambda s: s.double()), FLOAT32.format("float64")),
    "scene float16": (scene(lambda s: s.half()), FLOAT32.format("float16")),
    "scene 3-D": (
        scene(lambda s: s[:, None]),
        DIMENSIONS.format("embeddings from get_scene_embeddings", 2, "(4, 1, 8)"),
    ),
    "scene batch": (scene(lambda s: s[:2]), BATCH.format(4, 2)),
    "scene size": (scene(lambda s: s[:, :4]), SIZE.format(4, 8, "scene_embedding_size")),
    "size bool True": (
        hear_module(model_with(timestamp_embedding_size=True)),
        SIZE.format(8, True, "timestamp_embedding_size"),
    ),
}

PASSES_HERE_TOO = {
    "ok": (hear_module(), []),
    "sample_rate 16000.0 (float)": (hear_module(model_with(sample_rate=16000.0)), []),
    "hop 100 ms": (
        hear_module(FakeModel(hop_ms=100)),
        [DENSER, ends("1000.0", "1070.0"), ends("1900.0", "1980.0")],
    ),
    "ends early": (
        both(lambda e, t: (e[:, :-4], t[:, :-4]) if t.shape[1] > 6 else (e, t)),
        [ends("850.0", "1070.0"), ends("1750.0", "1980.0"), ends("3800.0", "4000.0")],
    ),
    "timestamps int64": (
        times(lambda t: t.long()),
        ["Your timestamps are int64: float32 keeps fractions of a millisecond."],
    ),
    "timestamps float64": (times(lambda t: t.double()), []),
}

NAN = torch.tensor(float("nan"))
FAILS_HERE_ONLY = {
    "start 75 ms": (
        # 75 ms late, two frames fewer to stay inside the audio.
        both(lambda e, t: (e[:, :-2], t[:, :-2] + 75) if t.shape[1] > 6 else (e, t)),
        "The time axis is shifted: your embeddings change 76 ms after each click",
    ),
    "in seconds": (times(lambda t: t / 1000), "they seem to be in seconds"),
    "ts NaN": (both(lambda e, t: (e * NAN, t)), "get_timestamp_embeddings returned 352 NaN"),
    "timestamps NaN": (times(lambda t: t * NAN), "Timestamps must be finite"),
    "one timestamp only": (
        both(lambda e, t: (e[:, :1], t[:, :1])),
        "returned 1 timestamp(s) for 1.07 s of audio",
    ),
    "timestamps descending": (
        times(lambda t: t.flip(1)),
        "in clip 0 the one at index 1 (1000.0 ms) is not later than the one before it (1050.0 ms)",
    ),
    "scene NaN": (scene(lambda s: s * NAN), "get_scene_embeddings returned 32 NaN"),
}


def test_the_table_is_complete() -> None:
    assert len(FAILS_UPSTREAM) + len(PASSES_HERE_TOO) + len(FAILS_HERE_ONLY) == 37


@pytest.mark.parametrize("name", FAILS_UPSTREAM)
def test_fails_with_the_words_of_upstream(name: str, warnings_of) -> None:
    module, message = FAILS_UPSTREAM[name]
    with pytest.raises(ValidationError, match=f"^{re.escape(message)}$"):
        warnings_of(module)


@pytest.mark.parametrize("name", PASSES_HERE_TOO)
def test_passes_with_the_warnings_of_upstream(name: str, warnings_of) -> None:
    module, warnings = PASSES_HERE_TOO[name]
    found = warnings_of(module)
    # The clip of 60 s, which upstream has not, may add its own.
    assert [line for line in found if "60000.0 ms" not in line] == warnings


@pytest.mark.parametrize("name", FAILS_HERE_ONLY)
def test_fails_where_upstream_says_looks_good(name: str, warnings_of) -> None:
    module, message = FAILS_HERE_ONLY[name]
    with pytest.raises(ValidationError, match=re.escape(message)):
        warnings_of(module)


UPSTREAM_WARNINGS_OF_FAILURES = {
    "start 75 ms": [
        "Your timestamps begin at 75.0ms, which appears to be wrong.",
        ends("1925.0", "1980.0"),
    ],
    "in seconds": [],  # ours: what follows from the wrong unit is not said
    "timestamps descending": [
        "Your timestamps begin at 0.0ms, which appears to be wrong.",
        ends("1050.0", "1070.0"),
        ends("1950.0", "1980.0"),
        ends("4000.0", "4000.0"),
    ],
    "jitter 3 ms": [DENSER],
}


@pytest.mark.parametrize("name", UPSTREAM_WARNINGS_OF_FAILURES)
def test_warns_first_as_upstream_does(name: str) -> None:
    module, _ = {**FAILS_UPSTREAM, **FAILS_HERE_ONLY}[name]
    report = Report()
    loaded = check_load_model(module, "", "cpu", report)
    for seconds in (1.07, 1.98, 4.0):
        try:
            check_timestamp_embeddings(loaded, seconds, report)
        except ValidationError:
            break
    assert report.warnings == UPSTREAM_WARNINGS_OF_FAILURES[name]


def test_the_fixed_warning(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "fake_hear_module", hear_module())
    validate("fake_hear_module", "", "cpu")
    said = capsys.readouterr().err
    assert "IMPORTANT: A common bug we have seen in many codebases involves rounding" in said
    assert "you will drift 25ms every 37 minutes of audio." in said
