import platform
import subprocess
import sys

import pytest


def test_freed_memory_stays_in_the_process() -> None:
    # In a process of its own: the setting cannot be taken back.
    code = """
import resource
from msssl_common.memory import keep_freed_memory
kept = keep_freed_memory()
import torch
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(16):  # the heap grows a little before blocks find a place to come back to
    torch.ones(16 * 2**20)
before = faults()
for _ in range(4):
    torch.ones(16 * 2**20)
print(kept, faults() - before)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    kept, faults = result.stdout.split()
    # 4 * 64 MiB in pages of at most 2 MiB would be at least 128 faults.
    assert kept == "False" or int(faults) < 100


def test_what_was_kept_for_a_while_goes_back_afterwards() -> None:
    code = """
from pathlib import Path
from msssl_common.memory import freed_memory_retained
import torch
def resident_mib():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20
before = resident_mib()
with freed_memory_retained():
    for _ in range(3):
        torch.ones(64 * 2**20)
    during = resident_mib() - before
print(during, resident_mib() - before)
"""
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("mallopt is glibc's")
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    during, after = map(float, result.stdout.split())
    assert during > 200
    assert after < 100
