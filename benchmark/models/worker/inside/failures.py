"""What a reply says where a module failed."""

import os
import traceback
from typing import Any, Dict

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "alloc_failed")


class Refusal(Exception):  # noqa: N818 -- not an error of this file
    """What a module does that it must not, as the end of a sentence about its function."""


def failure(error: BaseException) -> Dict[str, Any]:
    """An exception, as a reply describes it."""
    message = " ".join(str(error).split())
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
