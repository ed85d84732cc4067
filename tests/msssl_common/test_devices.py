"""Words for devices."""

import pytest
import torch

from msssl_common.devices import (
    VISIBLE,
    device_elsewhere,
    resolve_device,
    resolve_devices,
    visible_devices,
)


@pytest.mark.parametrize("word", ["gpu", "GPU", "cuda:", "cuda:x", "", "cpu\n"])
def test_a_word_that_is_no_device_is_refused_in_one_sentence(word: str) -> None:
    for resolve in (resolve_device, device_elsewhere):
        with pytest.raises(ValueError, match="is not a device; say auto, cpu, cuda, cuda:N or mps"):
            resolve(word)


def test_the_processor_is_there() -> None:
    assert resolve_device("cpu") == "cpu"
    assert device_elsewhere("auto") == "cpu"


def test_several_devices_are_named_one_by_one_or_by_their_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert resolve_devices("cuda:0,1, 2") == ["cuda:0", "cuda:1", "cuda:2"]
    assert resolve_devices("cuda:1,cuda:0,0") == ["cuda:1", "cuda:0", "cuda:0"]
    assert resolve_devices("cpu,cpu") == ["cpu", "cpu"]
    assert resolve_devices("auto") == ["cuda"]
    with pytest.raises(ValueError, match="--device cuda:3: torch finds 3 CUDA devices"):
        resolve_devices("cuda:2,3")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("cuda:0,cpu", "names different kinds of devices"),
        ("auto,cpu", "auto finds one device; name several one by one"),
        ("cpu,1", "'1' is not a device"),
        ("cpu,", "'' is not a device"),
    ],
)
def test_what_cannot_be_several_devices_is_refused(
    monkeypatch: pytest.MonkeyPatch, words: str, told: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match=told):
        resolve_devices(words)


def test_several_where_one_is_wanted_are_refused() -> None:
    with pytest.raises(ValueError, match="names several devices; name one here"):
        resolve_device("cpu,cpu")


@pytest.mark.parametrize(
    ("devices", "seen", "shown"),
    [
        (["cuda:1"], None, "1"),
        (["cuda"], None, "0"),
        (["cuda:1"], "GPU-a,GPU-b", "GPU-b"),
        (["cuda:0"], "3", "3"),
        (["cuda:2", "cuda:0"], "5,6,7", "7,5"),
        (["cpu"], "3", None),
    ],
)
def test_a_process_sees_its_own_gpus(
    monkeypatch: pytest.MonkeyPatch, devices: list[str], seen: str | None, shown: str | None
) -> None:
    monkeypatch.delenv(VISIBLE, raising=False)
    if seen is not None:
        monkeypatch.setenv(VISIBLE, seen)
    assert visible_devices(devices) == shown
