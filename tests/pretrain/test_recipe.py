import math
from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from pathlib import Path

import pytest

from msssl_common.typed_data import field_types
from pretrain.recipe import AugmentArgs, LossArgs, OptimiserArgs, Recipe, RunArgs
from pretrain.recipe_files import RECIPES, find_recipe, read_recipe, recipe_of


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_shipped_recipes_differ_in_loss_weights_only() -> None:
    cola, multi = (read_recipe(find_recipe(name)) for name in ("cola", "multi"))
    assert (cola.loss.frame_weight, cola.loss.pitch_weight) == (0, 0)
    assert (multi.loss.frame_weight, multi.loss.pitch_weight) == (0.5, 1.0)
    assert not cola.loss.needs_partner and multi.loss.needs_partner
    same_losses = replace(cola.loss, frame_weight=0.5, pitch_weight=1.0)
    assert replace(cola, name="multi", loss=same_losses) == multi


def test_every_shipped_recipe_can_be_read_and_is_named_as_its_file() -> None:
    recipes = [read_recipe(path) for path in RECIPES.glob("*.yaml") if path.stem != "panns"]
    assert len(recipes) == 10
    for recipe in recipes:
        assert find_recipe(recipe.name).stem == recipe.name


def test_a_recipe_is_its_base_but_for_what_it_says(tmp_path: Path) -> None:
    path = write(tmp_path, "base: multi\nread_out: paper\nloss: {pitch_form: contrast}\n")
    recipe, multi = read_recipe(path), read_recipe(find_recipe("multi"))
    assert (multi.read_out, multi.loss.pitch_form) == ("full", "regression")
    loss = replace(multi.loss, pitch_form="contrast")
    assert recipe == replace(multi, name="mine", read_out="paper", loss=loss)
    with pytest.raises(FileNotFoundError, match="no recipe 'mlti'"):
        read_recipe(write(tmp_path, "base: mlti"))


def test_a_base_may_have_a_base_but_not_itself(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, "base: cola_branch\nrun: {steps: 9}\n"))
    assert (recipe.name, recipe.run.steps) == ("mine", 9)
    assert recipe.encoder.pitch_numbers == 128 and recipe.data.synthetic_clips == 700
    assert (recipe.loss.frame_weight, recipe.loss.pitch_weight) == (0, 0)
    path = write(tmp_path, "run: {steps: 9}")
    path.write_text(f"base: {path}\n")
    with pytest.raises(ValueError, match="this recipe is its own base"):
        read_recipe(path)


def test_an_own_file_needs_only_what_differs(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, "loss: {similarity: bilinear}\nrun: {steps: 9}\n"))
    assert recipe.name == "mine"
    assert recipe.loss == LossArgs(similarity="bilinear")
    assert recipe.run == RunArgs(steps=9)
    assert recipe.encoder == Recipe(name="mine").encoder


def test_numbers_as_yaml_1_1_spells_them(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, "optimiser: {learning_rate: 5e-4, max_gradient_norm: 1}"))
    assert recipe.optimiser == OptimiserArgs(learning_rate=5e-4, max_gradient_norm=1.0)


def test_a_setting_that_is_gone_may_stand_there_with_the_value_that_is_left(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, "augment: {positive_pitch: same, gain_db: 5}"))
    assert recipe.augment == AugmentArgs(gain_db=5.0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("loss: {alpha: 1}", "unknown key loss.alpha; it may be one of similarity"),
        ("losses: {}", "unknown key losses"),
        ("run: {steps: many}", "run.steps must be of type int, not 'many'"),
        ("run: {steps: true}", "run.steps must be of type int, not True"),
        ("optimiser: {learning_rate: fast}", "optimiser.learning_rate must be a finite number"),
        ("loss: {similarity: dot}", "loss.similarity is 'dot'"),
        ("run: 5", "run must be a table, not 5"),
        ("- run", "a recipe is a table"),
        ("run: {steps: [}", "not YAML"),
        ("log_mel: {f_max: 9000}", "f_max 9000.0 Hz"),
        ("log_mel: {n_mels: 80}", "log_mel.n_mels 80 and encoder.n_mels 64 must be equal"),
        ("augment: {max_shift_semitones: 0}", "there is no shift to learn"),
        ("loss: {pitch_part: branch}", "loss.pitch_part is branch, but encoder.pitch_numbers is 0"),
        ("loss: {pitch_part: trunk}", "loss.pitch_part is 'trunk'; it may be one of"),
        ("encoder: {pitch_numbers: 512}", "pitch_numbers 512 must be 0 or more, and fewer than"),
        ("encoder: {pitch_numbers: 8}\nlog_mel: {hop_length: 80}", "a hop of 80 samples"),
        ("read_out: scaled\nlog_mel: {hop_length: 80}", "read_out scaled needs the second front"),
        ("read_out_scales: {contrast: -1}", "scale contrast is -1.0; it must be 0 or more"),
        ("data: {source_balance: 2}", "source_balance is 2.0; it must be between 0 and 1"),
        ("augment: {positive_pitch: other}", "augment.positive_pitch is 'other', which this vers"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_recipe(write(tmp_path, text))
    assert sentence in str(caught.value)
    assert "mine.yaml: " in str(caught.value) and "\n" not in str(caught.value)


def _numbers(kind: type, above: str = "") -> Iterator[str]:
    """Every setting that takes a fraction, as a recipe names it."""
    for name, hint in field_types(kind).items():
        if is_dataclass(hint):
            yield from _numbers(hint, f"{above}{name}.")
        elif hint is float:
            yield above + name


@pytest.mark.parametrize("name", list(_numbers(Recipe)))
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, "inf", "nan", "1e999"])
def test_no_setting_takes_a_number_that_is_not_finite(name: str, value: object) -> None:
    content: dict[str, object] = {"name": "x"}
    section, _, key = name.partition(".")
    content[section] = {key: value} if key else value
    with pytest.raises(ValueError, match=f"{name} must be a finite number, not"):
        recipe_of(content, Path("x.yaml"))


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(FileNotFoundError, match=r"one of clip_frame, .* multi, "):
        find_recipe("simclr")


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (AugmentArgs, "noise_sigma", -1.0),
        (AugmentArgs, "low_pass_probability", 1.5),
        (LossArgs, "temperature", 0.0),
        (LossArgs, "frame_tolerance", -1),
        (OptimiserArgs, "learning_rate", 0.0),
        (OptimiserArgs, "warmup_share", 1.0),
        (RunArgs, "steps", 0),
        (RunArgs, "batch_size", 1),
        (RunArgs, "checkpoint_minutes", 0.0),
    ],
)
def test_every_part_checks_its_ranges(kind: type, name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value}; it must be"):
        kind(**{name: value})


def test_any_shipped_recipe_is_a_base_also_one_that_has_a_base(tmp_path: Path) -> None:
    for shipped in ("cola", "multi", "paper"):
        path = tmp_path / "mine.yaml"
        path.write_text(f"base: {shipped}\nrun:\n  steps: 7\n")
        mine, theirs = read_recipe(path), read_recipe(find_recipe(shipped))
        assert mine.run.steps == 7
        assert replace(mine, name="", run=theirs.run) == replace(theirs, name="")


def test_recipes_that_are_each_others_base_are_refused(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.yaml").write_text(f"base: {tmp_path / other}.yaml\n")
    with pytest.raises(ValueError, match="its own base"):
        read_recipe(tmp_path / "a.yaml")


def test_aliases_of_aliases_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{y}: &{y} [{', '.join([f'*{x}'] * 9)}]"
        for x, y in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(ValueError, match="aliases"):
        read_recipe(path)
