"""Reading a task's JSON files, with one clear sentence for what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json_object(path: Path, what: str) -> dict[str, Any]:
    """Read a JSON file whose top level is an object.

    Args:
        path: The file.
        what: What the file is for, as the messages say it, e.g. ``"the labels of split 'train'"``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not JSON, or its top level is not an object.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should hold {what}.")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} ({what}) is not UTF-8 text: {error}.") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} ({what}) is not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise ValueError(
            f"{path} ({what}) must be a JSON object {{...}}, but is a {type(content).__name__}."
        )
    return content
