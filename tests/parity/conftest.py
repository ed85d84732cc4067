"""What several parity tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.parity.environment import HEAREVAL, SCRIPTS


@pytest.fixture(scope="session")
def heareval() -> Callable[..., None]:
    """A function that runs hear-eval-kit: its working folder, then run_heareval.py's arguments.

    Upstream gets as many threads as we have, for matrix products round by their number.
    """

    def run(cwd: Path, *arguments: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OMP_NUM_THREADS", str(torch.get_num_threads()))
            HEAREVAL.run("python", str(SCRIPTS / "run_heareval.py"), *arguments, cwd=cwd)

    return run
