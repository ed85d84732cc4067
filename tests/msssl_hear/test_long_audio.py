"""Twenty minutes of audio in bounded memory."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, torch, msssl_hear
model = msssl_hear.load_model()
audio = torch.randn(1, 20 * 60 * model.sample_rate) * 0.1
with torch.inference_mode():
    embeddings, timestamps = msssl_hear.get_timestamp_embeddings(audio, model)
assert embeddings.shape == (1, 30001, 512) and embeddings.isfinite().all()
assert timestamps[0, -1] == 1_200_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_twenty_minutes_need_a_small_part_of_16_gb():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    assert int(done.stdout) * unit < 2e9
