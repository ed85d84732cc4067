"""The program behind ``mspretrain bench --authors``, in an environment with librosa."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from pretrain.tools.speed.authors import AuthorsPipeline, save_clips
from tests.parity.environment import LIBROSA, SCRIPTS
from tests.pretrain.conftest import make_tiny_corpus

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def python() -> str:
    return str(LIBROSA.folder() / "bin" / "python")


def test_it_tells_what_each_part_takes(python: str, tmp_path: Path) -> None:
    save_clips(make_tiny_corpus(), 15360, tmp_path / "clips.npz")
    command = [python, str(SCRIPTS / "authors_pipeline.py")]
    cost = AuthorsPipeline(command, tmp_path / "clips.npz", clips=6).cost()
    assert 0 < cost.crop < cost.shift and 0 < cost.log_mel < cost.shift


def test_its_shift_moves_a_tone_by_what_was_drawn(python: str) -> None:
    program = (
        "import numpy as np\n"
        "from authors_pipeline import shift\n"
        "class Drawn:\n"
        "    def uniform(self, low, high): return 0.2\n"
        "tone = np.sin(2 * np.pi * 1000 * np.arange(15360) / 16000).astype(np.float32)\n"
        "spectrum = np.abs(np.fft.rfft(shift(tone, Drawn()) * np.hanning(15360)))\n"
        "print(spectrum.argmax() * 16000 / 15360)\n"
    )
    done = subprocess.run(
        [python, "-c", program], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose(float(done.stdout), 1200, atol=5)
