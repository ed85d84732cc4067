from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmark.embeddings.batches import BatchEmbedder
from benchmark.models.hear_module import HearModuleOutOfMemoryError, load_hear_module
from benchmark.models.outputs import HearModuleError
from tests.benchmark.fake_modules import write_module

COUNT = "model.batches = [*getattr(model, 'batches', []), audio.shape]\n"
LENGTHS = [1600, 3200, 1600, 1600, 3200, 1600, 1600, 800]  # samples


def _clips(lengths: Sequence[int] = LENGTHS) -> list[tuple[str, np.ndarray]]:
    generator = np.random.default_rng(0)
    return [
        (f"{index}.wav", generator.normal(size=length).astype(np.float32))
        for index, length in enumerate(lengths)
    ]


def _out_of(samples: int, error: str) -> str:
    return f"{COUNT}if audio.numel() > {samples}: raise {error}"


def test_equal_lengths_share_batches_in_any_order(modules: Path) -> None:
    hear = load_hear_module(write_module(modules, scene=COUNT))
    clips = _clips()
    embedded = BatchEmbedder(hear, True, 4800).embed(clips)
    assert hear.model.batches == [(3, 1600), (2, 1600), (1, 3200), (1, 3200), (1, 800)]
    for (_, audio), (rows, timestamps) in zip(clips, embedded, strict=True):
        np.testing.assert_allclose(
            rows, np.mean(audio**2) * np.array([[1, 2, 3, 4]], np.float32), rtol=1e-5
        )
        assert len(timestamps) == 0


@pytest.mark.parametrize(
    "error",
    [
        "torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB')",
        "MemoryError()",
        "RuntimeError('[enforce fail] DefaultCPUAllocator: can\\'t allocate memory: tried')",
        "RuntimeError('cuDNN error: CUDNN_STATUS_ALLOC_FAILED')",
    ],
)
def test_batches_are_halved_until_they_fit(modules: Path, error: str) -> None:
    limited = load_hear_module(write_module(modules, scene=_out_of(3200, error)))
    free = load_hear_module(write_module(modules))
    clips = _clips()
    embedder = BatchEmbedder(limited, True, 100_000)
    embedded = embedder.embed(clips)
    assert limited.model.batches == [
        *[(5, 1600), (2, 1600), (2, 1600), (1, 1600)],  # and fewer at once from here on
        *[(1, 3200), (1, 3200), (1, 800)],
    ]
    assert embedder.samples == 3200
    for (rows, _), (expected, _) in zip(
        embedded, BatchEmbedder(free, True, 100_000).embed(clips), strict=True
    ):
        np.testing.assert_array_equal(rows, expected)


def test_frames_are_halved_too(modules: Path) -> None:
    hear = load_hear_module(write_module(modules, timestamp=_out_of(3200, "MemoryError()")))
    embedded = BatchEmbedder(hear, False, 100_000).embed(_clips())
    assert [len(times) for _, times in embedded] == [n // 800 + 1 for n in LENGTHS]


def test_a_clip_that_does_not_fit_alone_is_named(modules: Path) -> None:
    name = write_module(modules, scene=_out_of(3000, "MemoryError()"))
    embedder = BatchEmbedder(load_hear_module(name), True, 100_000)
    with pytest.raises(HearModuleError, match="ran out of memory on") as caught:
        embedder.embed(_clips())
    assert str(caught.value) == (
        f"{name} ran out of memory on 1.wav alone (0.2 s, device cpu): it needs a device with "
        "more memory"
    )


def test_other_errors_are_not_tried_again(modules: Path) -> None:
    hear = load_hear_module(write_module(modules, scene=_out_of(0, "RuntimeError('no memory')")))
    with pytest.raises(HearModuleError, match="no memory") as caught:
        BatchEmbedder(hear, True, 100_000).embed(_clips())
    assert not isinstance(caught.value, HearModuleOutOfMemoryError)
    assert len(hear.model.batches) == 1


def test_the_failed_batch_is_let_go_before_the_next_try(modules: Path) -> None:
    held = (
        "import weakref\n"
        "alive = [r for r in getattr(model, 'made', []) if r() is not None]\n"
        "assert not alive\n"
        "activations = audio * 2\n"
        "model.made = [weakref.ref(activations)]\n"
        "if len(audio) > 1: raise MemoryError()"
    )
    hear = load_hear_module(write_module(modules, scene=held))
    assert len(BatchEmbedder(hear, True, 100_000).embed(_clips([800] * 4))) == 4
