"""Many calls in one request: each with a reply of its own, and what ends them."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.models.hear_module import HearModuleOutOfMemoryError
from benchmark.models.outputs import HearModuleError

LENGTHS = (16000, 801, 1600, 9600, 1)


def _batches() -> list[tuple[list[str], torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [([f"{n}.wav"], torch.randn(1, n, generator=generator)) for n in LENGTHS]


def _alone(hear, scene: bool) -> list[np.ndarray]:
    call = hear.scene if scene else hear.timestamps
    return [call(audio) if scene else call(audio)[0] for _, audio in _batches()]


@pytest.mark.parametrize("scene", [True, False])
def test_calls_of_one_request_give_the_bits_of_single_calls(write, foreign, scene: bool) -> None:
    """With a module that draws numbers: each call begins with the same seeds."""
    drawn = "embeddings = embeddings + np.float32(np.random.rand())"
    hear = foreign(write(scene=drawn, timestamp=drawn))
    found: list = []
    hear.embed_each(scene, _batches(), found.append)
    for (rows, times), alone in zip(found, _alone(hear, scene), strict=True):
        np.testing.assert_array_equal(rows, alone)
        assert (times is None) == scene


def test_a_reply_comes_before_the_next_call_is_done(write, foreign) -> None:
    hear = foreign(write(scene="import time\nif audio.shape[1] == 1: time.sleep(0.5)"))
    hear.scene(torch.ones(1, 16000))
    came: list[float] = []
    hear.embed_each(True, _batches(), lambda returned: came.append(time.monotonic()))
    assert came[-1] - came[-2] > 0.4


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise ValueError('odd')", "raised an exception on 1600.wav .1600 samples.: ValueError"),
        ("import os; os._exit(3)", "failed on 1600.wav .1600 samples.*exit status 3"),
        ("import time; time.sleep(600)", "failed on 1600.wav .*did not answer within 1.5 s"),
    ],
)
def test_a_failure_names_its_clip_and_ends_the_rest(
    write, foreign, tmp_path, what: str, said: str
) -> None:
    calls = tmp_path / "calls"
    code = f"open({str(calls)!r}, 'a').write(f'{{audio.shape[1]}} ')\nif audio.shape[1] == 1600: "
    hear = foreign(write(scene=code + what))
    hear.scene(torch.ones(1, 16000))
    worker = hear.module._worker
    worker.interpreter = replace(worker.interpreter, timeout=1.5)  # it has been started in more
    calls.unlink()
    found: list = []
    with pytest.raises(HearModuleError, match=said):
        hear.embed_each(True, _batches(), found.append)
    assert len(found) == 2
    assert calls.read_text().split() == ["16000", "801", "1600"]
    assert hear.scene(torch.ones(1, 801)).shape == (1, 4)


def test_what_is_wrong_with_an_answer_ends_the_rest_and_keeps_the_worker(
    write, foreign, tmp_path
) -> None:
    """The worker may be at another call by then: its answers are not those of the next request."""
    calls = tmp_path / "calls"
    code = (
        f"import time; open({str(calls)!r}, 'a').write(f'{{audio.shape[1]}} ')\n"
        "if audio.shape[1] == 801: embeddings = embeddings * np.float32('nan')\n"
        "elif audio.shape[1] == 1600: time.sleep(1)"
    )
    hear = foreign(write(scene=code))
    expected = hear.scene(torch.ones(1, 16000))
    pid = hear.module.pid
    calls.unlink()
    with pytest.raises(HearModuleError, match=r"NaN or infinite embeddings for 801\.wav"):
        hear.embed_each(True, _batches(), lambda returned: None)
    np.testing.assert_array_equal(hear.scene(torch.ones(1, 16000)), expected)
    assert hear.module.pid == pid
    made = calls.read_text().split()
    assert made[:2] + made[-1:] == ["16000", "801", "16000"]
    assert made[2:-1] in ([], ["1600"])  # the worker may have begun it, and nothing behind it


def test_a_worker_that_cannot_stop_is_ended(write, foreign, monkeypatch) -> None:
    monkeypatch.setattr("benchmark.models.worker.process.STOP_SECONDS", 0.5)
    monkeypatch.setattr("benchmark.models.worker.process.GRACE_SECONDS", 0.5)
    hear = foreign(write(scene="import time\nif audio.shape[1] == 801: time.sleep(600)"))
    hear.scene(torch.ones(1, 16000))

    def take(returned: object) -> None:
        time.sleep(1.0)  # the worker is at the next call by then
        raise HearModuleError("enough")

    with pytest.raises(HearModuleError, match="enough"):
        hear.embed_each(True, _batches(), take)
    assert not hear.module._worker.alive
    assert hear.scene(torch.ones(1, 1)).shape == (1, 4)  # of a new one


def test_only_what_has_no_memory_is_done_again(write, foreign) -> None:
    hear = foreign(write(scene="if audio.shape[1] == 1600: raise MemoryError('8 EiB')"))
    found: list = []
    with pytest.raises(HearModuleOutOfMemoryError, match=r"1600\.wav"):
        hear.embed_each(True, _batches(), found.append)
    hear.embed_each(True, _batches()[3:], found.append)
    assert len(found) == 4


def test_layers_that_a_later_call_builds_are_found(write, foreign) -> None:
    """Parameters are counted now and then, and at the end of all calls."""
    built = "model.late = tf.Tensor(np.ones(4), 'late')"
    hear = foreign(write(scene=f"if audio.shape[1] == 1: {built}"))
    refusal = "built layers at a later call; load_model must"
    with pytest.raises(HearModuleError, match=refusal):
        hear.embed_each(True, _batches(), lambda returned: None)
        hear.module.inputs()
