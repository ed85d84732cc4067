"""Four times the clips need no more memory: not to check a task, not to embed it, not to train."""

from pathlib import Path

import pytest

from benchmark.embeddings.peak_memory import STATM
from tests.bench.long_tasks import RATE, SECONDS, STAGES, measure

FEW, MANY = 20, 80
GROWTH = 25_000_000  # bytes; labels, timestamps and predictions grow, by a few MB here


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="peak memory is measured on Linux")
@pytest.mark.parametrize("stage", STAGES)
def test_memory_does_not_grow_with_the_number_of_clips(tmp_path: Path, stage: str) -> None:
    stages = [stage] if stage in ("check", "embed") else ["embed", stage]
    kept = 16 << 20  # fast mode's own limit of 1 GiB is more than all that is embedded here
    few, many = (measure(clips, stages, tmp_path, kept)[-1] for clips in (FEW, MANY))
    audio = (MANY - FEW) * SECONDS * RATE * 4
    embeddings = (MANY - FEW) * SECONDS * 25 * 512 * 4
    # Holding the audio, or the embeddings of a training, would break the bound three times over.
    assert min(audio, 0.8 * embeddings) > 2.9 * GROWTH
    assert many - few < GROWTH
