"""What a reply says where a module failed."""

import os
import traceback
from typing import Any, Dict

LONGEST_MESSAGE = 10_000  # characters; the benchmark shows fewer
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "alloc_failed")


class Refusal(Exception):  # noqa: N818 -- not an error of this file
    """What a module does that it must not, as the end of a sentence about its function."""


def _text(error: BaseException) -> str:
    """What an exception says of itself, where it can."""
    try:
        text = str(error)
    except BaseException:  # it is the module's own code
        return "(its message cannot be made)"
    if len(text) > LONGEST_MESSAGE:
        cut = LONGEST_MESSAGE // 2
        text = f"{text[:cut]} ... ({len(text)} characters) ... {text[-cut:]}"
    return " ".join(text.split())


def failure(error: BaseException) -> Dict[str, Any]:
    """An exception, as a reply describes it."""
    message = _text(error)
    kind = type(error).__name__
    said = message.lower()
    memory = kind in ("MemoryError", "OutOfMemoryError", "ResourceExhaustedError") or (
        isinstance(error, RuntimeError) and any(words in said for words in OUT_OF_MEMORY)
    )
    if isinstance(error, Refusal):
        return {"refusal": message}
    if isinstance(error, SystemExit):
        frames = traceback.extract_tb(error.__traceback__)
        if any(os.path.basename(frame.filename) == "argparse.py" for frame in frames):
            message += ": it parses the command line, which is not its own, when it is imported"
    return {"exception": f"{kind}: {message}" if message else kind, "out_of_memory": memory}
