"""The measurement of long audio: what it measures, and that it sees what is wrong."""

import dataclasses
from contextlib import ExitStack

import numpy as np
import pytest
import torch

from benchmark.baselines import panns
from benchmark.embeddings.peak_memory import STATM
from msssl_hear import load_model
from tests.bench.long_audio import (
    MODULES,
    Comparison,
    Measurement,
    faults,
    in_own_process,
    relative_difference,
    tables,
    without_chunks,
)

SECONDS = (10.0, 60.0, 300.0, 1200.0)
GOOD = Measurement(
    "a|b",
    {"scene": 3.0, "timestamps": 6.0},
    {"scene": 200_000_000, "timestamps": 300_000_000},
    {"scene": 4_000, "timestamps": 60_000_000},
    700_000_000,
)
EQUAL = Comparison("a|b", {"scene": 1e-7, "timestamps": 2e-7}, (200_000_000, 900_000_000))


def _linear(**last: object) -> list[Measurement]:
    """A row with time in proportion to length; ``last`` changes the longest."""
    row = [
        dataclasses.replace(GOOD, cpu_seconds={k: v * s for k, v in GOOD.cpu_seconds.items()})
        for s in SECONDS
    ]
    return [*row[:-1], dataclasses.replace(row[-1], **last)]


@pytest.mark.skipif(not STATM.exists(), reason="peak memory is measured on Linux")
def test_a_module_is_measured_in_a_process_of_its_own() -> None:
    one = Measurement(**in_own_process("measure", "benchmark.baselines.logmel", 60.0))
    assert one.label == "logmel"
    assert one.returned_bytes == {"scene": 128 * 4, "timestamps": 1501 * 128 * 4}
    for name in ("scene", "timestamps"):
        assert one.cpu_seconds[name] > 0
        # A minute's power spectrum is 6 MB; its complex one is twice as much.
        assert 12e6 < one.peak_bytes[name] < 120e6
    assert one.process_bytes > max(one.peak_bytes.values()) + 100e6


def test_a_failure_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"measure of no_module, 1 s, failed: (?s:.*)No module"):
        in_own_process("measure", "no_module", 1.0)


@pytest.mark.parametrize("module", ["encoder", "panns"])
def test_one_piece_is_one_piece(module: str) -> None:
    if module == "encoder":
        model = load_model()
        audio, worker = torch.zeros(1, 45 * model.sample_rate), model.encoder

        def embed() -> None:
            model.scene_embeddings(audio)
    else:
        panns_model = panns.load_model()
        audio, worker = torch.zeros(1, 45 * panns_model.sample_rate), panns_model.blocks[0]

        def embed() -> None:
            panns.get_scene_embeddings(audio, panns_model)

    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    worker.register_forward_hook(count)
    with torch.inference_mode():
        embed()
        in_chunks, calls = calls, 0
        with ExitStack() as patches:
            for patched in without_chunks():
                patches.enter_context(patched)
            embed()
    assert (in_chunks > 1, calls) == (True, 1)


def test_the_difference_is_a_share_of_the_norm() -> None:
    ours = np.array([[3.0, 4.0], [0.0, 1.0]], np.float32)
    theirs = np.array([[3.0, 4.0], [0.0, 1.25]], np.float32)
    assert relative_difference(ours, theirs) == pytest.approx(0.2)


def test_every_fault_is_named() -> None:
    assert faults([_linear()], [EQUAL], SECONDS) == []
    slow = _linear(cpu_seconds={"scene": 3.0 * 2.0 * SECONDS[-1], "timestamps": 0.0})
    large = _linear(process_bytes=17_000_000_000)
    unequal = dataclasses.replace(EQUAL, difference={"scene": 0.01, "timestamps": float("nan")})
    assert faults([slow, large], [unequal], SECONDS) == [
        "a|b, scene: a second of audio took 2.0 times as long.",
        "a|b took 17.00 GB for 20 min.",
        "a|b, scene: chunks changed embeddings by 1.0e-02.",
        "a|b, timestamps: chunks changed embeddings by nan.",
    ]


def test_tables() -> None:
    text = tables([_linear()], [EQUAL], SECONDS, 300.0)
    assert text[0].startswith("| module | function | 10 s, CPU s | 1 min, CPU s | 5 min, CPU s |")
    assert text[2].startswith(r"| a\|b | scene | 30.00 | 180.00 | 900.00 | 3600.00 | 3000.0 |")
    assert text[8] == r"| a\|b | timestamps | 300 | 300 | 300 | 300 | 60 | 0.70 |"
    assert text[-1] == r"| a\|b | 1.0e-07 | 2.0e-07 | 200 | 900 |"


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="peak memory is measured on Linux")
@pytest.mark.parametrize("module", MODULES)
def test_long_audio_takes_little_memory_and_chunks_change_nothing(module: str) -> None:
    long = Measurement(**in_own_process("measure", module, 300.0))
    assert max(long.peak_bytes.values()) < 400e6
    assert faults([], [Comparison(**in_own_process("compare", module, 100.0))], SECONDS) == []
