"""What the check says of the real tasks beside the checkout, and of the embedded suite."""

from collections import Counter
from pathlib import Path

import pytest

from benchmark.tasks.check.check_task import check_task
from benchmark.tasks.embedded.suite import embedded_suite

# True findings: recordings that are clipped, and words of one speaker that were saved twice.
SPEECH = {"clipped": 25, "repeated-audio": 119}
ESC50 = {"clipped": 65}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "kinds", "chance"),
    [
        ("speech_commands-v0.0.2-testset", SPEECH, {"top1_acc": 85 / 1229}),
        ("spoken_digit-1.0.9-speakers", {}, {"top1_acc": 0.1}),
        pytest.param(
            "esc50-v2.0.0-full",
            ESC50,
            {"top1_acc": 0.02, "mAP": 0.02, "aucroc": 0.5, "d_prime": 0.0},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "orchestra_pitch-v1-full",
            {},
            {"pitch_acc": 8 / 336, "chroma_acc": 32 / 336},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "dcase2016_task2-remix-full",
            {},
            {"event_onset_200ms_fms": None, "segment_1s_er": None},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_real_tasks(
    shared_data: Path, name: str, kinds: dict[str, int], chance: dict[str, float]
) -> None:
    found = check_task(shared_data / "tasks" / name, lambda done, total: None)
    assert Counter(finding.kind for finding in found.findings) == kinds
    assert found.chance == pytest.approx(chance)


@pytest.mark.slow
def test_the_embedded_suite_is_clean(tmp_path: Path) -> None:
    for folder in embedded_suite(tmp_path):
        assert check_task(folder, lambda done, total: None).findings == []
