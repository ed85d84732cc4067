"""Words for devices."""

import pytest

from msssl_common.devices import device_elsewhere, resolve_device


@pytest.mark.parametrize("word", ["gpu", "GPU", "cuda:", "cuda:x", "", "cpu\n"])
def test_a_word_that_is_no_device_is_refused_in_one_sentence(word: str) -> None:
    for resolve in (resolve_device, device_elsewhere):
        with pytest.raises(ValueError, match="is not a device; say auto, cpu, cuda, cuda:N or mps"):
            resolve(word)


def test_the_processor_is_there() -> None:
    assert resolve_device("cpu") == "cpu"
    assert device_elsewhere("auto") == "cpu"
