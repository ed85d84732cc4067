"""What a disk that filled up leaves of a run, and that it goes on from it."""

import csv
from pathlib import Path

import pytest
import torch

from pretrain.recipe import Recipe
from pretrain.run_folder import (
    CONFIG,
    METRICS,
    STATE,
    append_metrics,
    check_start,
    drop_metrics_after,
    open_run,
    save_state,
)
from tests.msssl_common.test_files import no_file_beyond


def _steps(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / METRICS).open()))


@pytest.mark.parametrize("cut", ["", "step,los", "step,loss\n", "step,loss\n1,0.5\n2,0."])
def test_metrics_that_were_cut_are_gone_on_with(tmp_path: Path, cut: str) -> None:
    """Also where the cut row would have read as that of an earlier step: 12, cut to 1."""
    (tmp_path / METRICS).write_text(cut)
    drop_metrics_after(tmp_path, 1)
    for step in (2, 3):
        append_metrics(tmp_path, {"step": step, "loss": 0.25})
    first = [{"step": "1", "loss": "0.5"}] if "0.5" in cut else []
    assert _steps(tmp_path) == [*first, *({"step": s, "loss": "0.25"} for s in "23")]


def test_a_step_number_that_was_cut_is_no_earlier_step(tmp_path: Path) -> None:
    (tmp_path / METRICS).write_text("step,loss\n11,0.5\n1")
    drop_metrics_after(tmp_path, 11)
    assert _steps(tmp_path) == [{"step": "11", "loss": "0.5"}]


def test_a_state_that_does_not_fit_leaves_the_one_before(tmp_path: Path) -> None:
    save_state(tmp_path, {"step": 1, "weights": torch.zeros(10)})
    with no_file_beyond(4000), pytest.raises(OSError, match=f"File too large: .*{STATE}"):
        save_state(tmp_path, {"step": 2, "weights": torch.zeros(10_000)})
    assert [path.name for path in tmp_path.iterdir()] == [STATE]
    assert torch.load(tmp_path / STATE, weights_only=True)["step"] == 1


def test_an_earlier_version_s_run_is_resumed_unless_it_needs_what_is_gone(
    tmp_path: Path,
) -> None:
    now = {"name": "mine", "augment": {"gain_db": 6.0}, "data": {"source_balance": 0.0}}
    now["read_out_scales"] = {"branch": 0.2}  # not the default
    save_state(tmp_path, {"step": 1})
    (tmp_path / CONFIG).write_text("name: mine\naugment: {gain_db: 6.0, positive_pitch: same}\n")
    assert open_run(tmp_path, now, resume=True) == {"step": 1}
    (tmp_path / CONFIG).write_text("name: mine\naugment: {gain_db: 6.0, positive_pitch: other}\n")
    with pytest.raises(ValueError, match=r"yaml: augment\.positive_pitch is 'other', which"):
        open_run(tmp_path, now, resume=True)
    (tmp_path / CONFIG).write_text("name: mine\naugment: {gain_db: 6.0}\n")
    newer = {**now, "data": {"source_balance": 0.5}}
    with pytest.raises(ValueError, match=r"started with data\.source_balance 0\.0, not 0\.5"):
        open_run(tmp_path, newer, resume=True)


def test_other_settings_are_refused_before_the_audio_is_read(tmp_path: Path) -> None:
    settings = Recipe(name="mine").to_dict()
    audio = {"corpus": {"clips": 7, "sha256": "0"}}
    open_run(tmp_path, {**settings, **audio}, resume=False)
    check_start(tmp_path, resume=False, settings=settings)  # no state yet: nothing to resume
    save_state(tmp_path, {})
    check_start(tmp_path, resume=True, settings=settings)
    with pytest.raises(ValueError, match="was started with name 'mine', not 'other'"):
        check_start(tmp_path, resume=True, settings={**settings, "name": "other"})
    with pytest.raises(ValueError, match="holds a run already"):
        check_start(tmp_path, resume=False, settings=settings)
