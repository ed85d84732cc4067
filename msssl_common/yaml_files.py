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
        content = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path}: {what} is a table of names and values (name: value)")
    return content


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
