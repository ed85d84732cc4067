import shlex
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import soundfile
import torch

from pretrain.data.corpus import Corpus
from pretrain.recipe import Recipe
from pretrain.recipe_files import find_recipe, read_recipe
from pretrain.tools import ablate as ablation
from pretrain.tools.ablate import ROWS, ablate, benchmark_commands, check_equal_data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, torch.randn(9000).numpy() * 0.1, 16000)
    return tmp_path


def test_rows_differ_in_losses_only() -> None:
    multi = read_recipe(find_recipe("multi"))
    for name in ROWS:
        recipe = read_recipe(find_recipe(name))
        assert replace(recipe, name="multi", loss=multi.loss) == multi


def test_every_row_trains_on_one_corpus_for_the_same_steps(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Recipe, Corpus]] = []

    def fake(recipe: Recipe, corpus: Corpus, out: Path, device: str, resume: bool) -> Path:
        assert resume and device == "cpu" and out == folder / "out" / recipe.name
        seen.append((recipe, corpus))
        return out / "weights.safetensors"

    monkeypatch.setattr(ablation, "train", fake)
    monkeypatch.setattr(
        "pretrain.data.open.with_synthetic_clips", lambda corpus, count, seed: corpus
    )
    weights = ablate(["cola", "multi"], folder, folder / "out", 7, [3], "cpu")
    assert [recipe.name for recipe, _ in seen] == ["cola", "multi"]
    assert {(recipe.run.steps, recipe.run.seed) for recipe, _ in seen} == {(7, 3)}
    assert seen[0][1] is seen[1][1] and len(seen[0][1]) == 2
    (command,) = benchmark_commands(weights)
    row = f"msssl_hear={folder}/out/cola/weights.safetensors"
    assert f"cola:={row} " in command and f"'paper cola:={row}:paper'" in command
    assert command.endswith("=paper --baselines panns --seeds 3 --out results/ablation")


def test_several_seeds_have_a_folder_and_a_corpus_each(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int]] = []

    def fake(recipe: Recipe, corpus: Corpus, out: Path, device: str, resume: bool) -> Path:
        seen.append((out.name, recipe.run.seed, len(corpus)))
        return out / "weights.safetensors"

    monkeypatch.setattr(ablation, "train", fake)
    monkeypatch.setattr(
        "pretrain.data.open.with_synthetic_clips",  # so many clips more as the seed says
        lambda corpus, count, seed: replace(corpus, names=(*corpus.names, *["made"] * seed)),
    )
    weights = ablate(["cola", "multi"], folder, folder / "out", 7, [1, 2, 1], "cpu")
    assert seen == [("cola-1", 1, 3), ("multi-1", 1, 3), ("cola-2", 2, 4), ("multi-2", 2, 4)]
    assert [path.parent.name for path in weights] == ["cola-1", "cola-2", "multi-1", "multi-2"]
    *_, compare = map(shlex.split, benchmark_commands(weights, True))
    patterns = [word.removeprefix("--group=").partition("=")[2] for word in compare[3:]]
    rows = [f"{paper}{path.parent.name}" for path in weights for paper in ("", "paper ")]
    assert sorted(row for p in patterns for row in rows if fnmatchcase(row, p)) == sorted(rows)


def test_other_data_are_refused() -> None:
    multi, paper = (read_recipe(find_recipe(name)) for name in ("multi", "paper"))
    with pytest.raises(ValueError, match="paper has 0 synthetic clips and multi 700"):
        check_equal_data([multi, paper])
