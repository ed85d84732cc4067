"""YAML that people write: plain values only, no aliases, one sentence about what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LARGEST_YAML = 1 << 20  # bytes; a recipe has 2 kB
DEEPEST_YAML = 20  # tables and lists in one another; the parser's time grows with the square


def read_yaml_table(path: Path, what: str) -> dict[str, Any]:
    """Read a YAML file that is a table at its top.

    Args:
        path: The file.
        what: What it should be, for messages: "a recipe".

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is too large, not YAML, no table, or has aliases.
    """
    if (size := path.stat().st_size) > LARGEST_YAML:
        raise ValueError(f"{path} has {size} bytes; {what} has at most {LARGEST_YAML}")
    try:
        text = path.read_text(encoding="utf-8")
        if fault := _fault(text):
            raise ValueError(f"{path}: {what} {fault}")
        content = _Loader(text).get_single_data()
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path}: {what} is a table of names and values (name: value)")
    return content


class _Loader(yaml.SafeLoader):
    """Plain values, each of which means what it looks like."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A table; a name that comes twice is refused: readers would take the last."""
        seen = set()
        for key, _ in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else key
            if name in seen:
                raise _fault_at(key, f"{key.value!r} comes twice in one table")
            seen.add(name)
        return super().construct_mapping(node, deep)

    def plain(self, node: yaml.ScalarNode) -> object:
        """A number or date; those that YAML 1.1 reads otherwise than they look are refused."""
        digits = node.value.lstrip("+-").replace("_", "")
        kind = node.tag.rpartition(":")[2]
        octal = kind == "int" and len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
        if octal or (kind != "timestamp" and ":" in digits):
            raise _fault_at(
                node, f"{node.value} is read to the base of 8 or 60; write it otherwise"
            )
        try:
            return yaml.SafeLoader.yaml_constructors[node.tag](self, node)
        except (ValueError, OverflowError) as error:  # a 13th month, 5,000 digits
            raise _fault_at(node, f"{node.value[:40]!r} cannot be read: {error}") from None


for _kind in ("int", "float", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.plain)


def _fault_at(node: yaml.Node, what: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark)


def _fault(text: str) -> str:
    """What makes a text too much to read, "" if nothing; it is parsed only as far as that."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        # A few lines of aliases of aliases stand for more values than memory holds.
        if isinstance(event, yaml.AliasEvent):
            return "may not use YAML aliases (*name); write it out"
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_YAML:
            return f"may not have more than {DEEPEST_YAML} lists or tables in one another"
    return ""
