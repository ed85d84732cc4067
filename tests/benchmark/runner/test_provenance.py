import os
import platform

import torch

from benchmark.runner import provenance as environment
from benchmark.runner.provenance import machine, versions


def test_versions_name_what_decides_numbers() -> None:
    found = dict(part.split(" ") for part in versions().split("; "))
    assert found["python"] == platform.python_version()
    assert found["torch"] == torch.__version__
    assert set(environment.PACKAGES) <= set(found)


def test_the_machine_is_named_with_its_arithmetic(monkeypatch) -> None:
    for dtype in (torch.bfloat16, torch.float32):
        monkeypatch.setattr(environment, "product_dtype", lambda device, dtype=dtype: dtype)
        name = machine("cpu")
        assert name.startswith(f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores")
        assert name.endswith(f"fast heads in {str(dtype).removeprefix('torch.')}")


def test_a_gpu_that_is_not_there_is_not_asked(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert machine("cuda") == machine("cpu")
