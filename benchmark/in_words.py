"""An error in one sentence: what, where, what to do."""

from __future__ import annotations

import errno
import os

from benchmark.out_of_memory import asked_for, is_out_of_memory
from benchmark.printable import printable

GOES_ON = "then the same command goes on"
NO_RIGHT = "change its permissions, or name another folder"
ADVICE = {
    errno.ENOSPC: f"make room there; {GOES_ON}",
    errno.EDQUOT: f"make room there; {GOES_ON}",
    errno.EFBIG: f"raise the limit on the size of files (ulimit -f); {GOES_ON}",
    errno.EROFS: "name another folder, or have it mounted for writing",
    errno.EACCES: NO_RIGHT,
    errno.EPERM: NO_RIGHT,
    errno.ENOENT: f"put it there; {GOES_ON}",
    errno.EMFILE: f"raise the limit on open files (ulimit -n); {GOES_ON}",
    errno.EIO: f"check the disk; {GOES_ON}",
}
MEMORY = f"not enough memory{{}}: close other programs or take a larger machine; {GOES_ON}"


def in_words(error: BaseException) -> str:
    """One printable line of an error.

    The system's errors get their file and what to do about them, those for want of memory the
    latter; messages of our own are sentences already.

    Args:
        error: What was raised.
    """
    if isinstance(error, OSError) and error.errno and error.strerror:
        files = " to ".join(printable(os.fsdecode(f)) for f in _files(error))
        advice = ADVICE.get(error.errno)
        what = ": ".join([*([files] if files else []), error.strerror])
        return f"{what}; {advice}" if advice else what
    message = printable(error)
    if is_out_of_memory(error) and "goes on" not in message:
        asked = asked_for(error)
        return MEMORY.format(f" ({asked})" if asked else "")
    return message or type(error).__name__


def _files(error: OSError) -> list[str | bytes]:
    return [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
