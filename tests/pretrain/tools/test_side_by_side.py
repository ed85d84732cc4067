from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
import soundfile
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from pretrain.cli import main
from pretrain.recipe_files import find_recipe, read_recipe
from pretrain.tools.side_by_side import Planned, watch

TINY = """
base: cola
encoder: {width: 0.1, depth: 0.1}
data: {synthetic_clips: 2}
run: {steps: 2, batch_size: 4, crop_frames: 32}
"""


def distance(some: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> float:
    """Length of the difference over the length of all numbers."""
    a, b = (torch.cat([w[name].flatten().double() for name in some]) for w in (some, others))
    return float((a - b).norm() / a.norm())


def test_runs_side_by_side_equal_runs_one_after_another(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    audio = tmp_path / "audio"
    audio.mkdir()
    for name in ("a.wav", "b.wav", "c.wav"):
        soundfile.write(audio / name, 0.1 * torch.randn(12000, generator=generator).numpy(), 16000)
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(TINY)
    found = {}
    for jobs in (1, 2):
        out = tmp_path / f"jobs-{jobs}"
        words = ["ablate", "--data", str(audio), "--out", str(out), "--rows", str(recipe)]
        words += ["--seeds", "0,5", "--jobs", str(jobs), "--device", "cpu"]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        files = sorted(out.glob("*/weights.safetensors"))
        assert [file.parent.name for file in files] == ["tiny-0", "tiny-5"]
        found[jobs] = [load_file(file) for file in files]
        assert not list(out.glob(".audio-*"))
    (one, other), (one_beside, other_beside) = found[1], found[2]
    assert distance(one, one_beside) < 1e-3  # other numbers of threads sum in other orders
    assert distance(other, other_beside) < 1e-3
    assert distance(one, other) > 0.1


def test_a_run_that_fails_is_named_and_the_others_go_on() -> None:
    recipe = read_recipe(find_recipe("cola"))
    runs: dict[Future[Path], Planned] = {}
    for name in ("good", "bad", "killed"):
        runs[Future()] = Planned(recipe, Path(name))
    good, bad, killed = runs
    good.set_result(Path("weights"))
    bad.set_exception(FloatingPointError("the loss is nan at step 3"))
    killed.set_exception(BrokenProcessPool("gone"))
    lines: list[str] = []
    failed = sorted(watch(runs, lines.append))
    assert lines == ["good: trained"]
    assert failed[0].startswith("bad: the loss is nan at step 3")
    assert failed[1].startswith("killed: its process was killed")


@pytest.mark.parametrize("seeds", ["1,,2", "-1", "1;2", "one", "99999999999", "\u0661"])
def test_seeds_that_are_none_are_refused(seeds: str, tmp_path: Path) -> None:
    words = ["ablate", "--data", str(tmp_path), "--out", str(tmp_path / "o"), "--seeds", seeds]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1 and "give whole numbers" in done.output
