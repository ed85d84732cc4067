"""Recipes in YAML files: found by name, laid over their bases, one sentence on what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from msssl_common.typed_data import Format, read_typed
from msssl_common.yaml_files import read_yaml_table
from pretrain.recipe import Recipe

RECIPES = Path(__file__).parent / "recipes"

GONE: Mapping[tuple[str, str], object] = {("augment", "positive_pitch"): "same"}
"""Settings of earlier versions, by section and name, with the value that every recipe has now."""


def without_gone(content: Mapping[str, Any]) -> dict[str, Any]:
    """A table of sections, written by this or an earlier version, without settings that are gone.

    Raises:
        ValueError: Such a setting has another value than the one that is left.
    """
    result = dict(content)
    for (section, name), only in GONE.items():
        settings = result.get(section)
        if not isinstance(settings, dict) or name not in settings:
            continue
        if settings[name] != only:
            raise ValueError(
                f"{section}.{name} is {settings[name]!r}, which this version does not have: leave "
                "it out, or use the version that has it"
            )
        result[section] = {key: value for key, value in settings.items() if key != name}
    return result


def find_recipe(name: str) -> Path:
    """The file of a shipped recipe, or the path itself if it is a file.

    Raises:
        FileNotFoundError: Neither.
    """
    shipped = RECIPES / f"{name}.yaml"
    path = shipped if shipped.is_file() else Path(name)
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in RECIPES.glob("*.yaml")))
        raise FileNotFoundError(f"no recipe {name!r}: give a YAML file or one of {names}")
    return path


def read_recipe(path: Path) -> Recipe:
    """Read and check a YAML recipe.

    A recipe with ``base: NAME`` is that recipe (a shipped one, or a file) except for what it says
    itself. The base may have a base in turn.

    Raises:
        FileNotFoundError: No such base.
        ValueError: Not YAML, an unknown key, a value of the wrong type or range, or a recipe that
            is its own base.
    """
    return recipe_of(_with_bases(path, ()), path)


def _with_bases(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """A recipe's table over those of its bases."""
    if path.resolve() in above:
        raise ValueError(f"{path}: this recipe is its own base; take out one `base`")
    content = {"name": path.stem, **read_yaml_table(path, "a recipe")}
    if "base" not in content:
        return content
    base = find_recipe(str(content.pop("base")))
    return _overlaid(_with_bases(base, (*above, path.resolve())), content)


def recipe_of(content: dict[str, Any], path: Path) -> Recipe:
    """The recipe that a table of sections describes.

    Raises:
        ValueError: An unknown key, or a value of the wrong type or range; names the file ``path``.
    """
    try:
        recipe: Recipe = read_typed(Recipe, without_gone(content), YamlFormat(lenient=True))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return recipe


def _overlaid(base: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """The base with the sections' keys that ``content`` has."""
    result = dict(base)
    for key, value in content.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = {**result[key], **value} if both else value
    return result


class YamlFormat(Format):
    """A recipe's sentences, and numbers as YAML 1.1 reads them."""

    def number(self, value: object) -> float | None:
        """A float of any finite number, and of text, as which YAML 1.1 reads 5e-4.

        An infinite rate or temperature trains to nothing, and no bound of one side stops it.
        """
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None

    def unknown(self, key: str, known: Sequence[str]) -> str:
        """The sentence on a key that is no setting."""
        return f"unknown key {key}; it may be one of {', '.join(known)}"

    def missing(self, key: str) -> str:
        """The sentence on a setting without a value and a default."""
        return f"key {key} is missing"

    def wrong(self, key: str, value: object, kind: Any) -> str:  # noqa: ANN401
        """The sentence on a value that is not of a setting's type."""
        if is_dataclass(kind):
            return f"{key} must be a table, not {value!r}"
        if get_origin(kind) is Literal:
            return f"{key} is {value!r}; it may be one of {get_args(kind)}"
        if kind is float and isinstance(value, int | float | str) and not isinstance(value, bool):
            return f"{key} must be a finite number, not {str(value)[:40]!r}"
        return f"{key} must be of type {kind.__name__}, not {value!r}"
