"""A data set of the Hugging Face hub, fetched as parquet files into the hub's own cache."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msssl_common.messages import one_printable_line

EXTRA: Final = "pip install 'msssl-hear[hub]'"
CONVERTED: Final = "refs/convert/parquet"  # where the hub keeps its own conversion of a data set
NAME: Final = re.compile(r"[\w.-]+/[\w.-]+")


def fetched(data_set: str) -> tuple[Path, str]:
    """Fetch a data set's parquet files, or find them in the hub's cache.

    Args:
        data_set: ``OWNER/NAME`` or ``OWNER/NAME@REVISION``. Where a revision is not given and the
            data set has no parquet files of its own, the hub's conversion is taken.

    Returns:
        The folder, and the commit that it is of.

    Raises:
        ValueError: It is no such name, cannot be fetched, or has no parquet files.
    """
    name, at, revision = data_set.partition("@")
    if not NAME.fullmatch(name) or (at and not revision):
        raise ValueError(f"{data_set!r} must be OWNER/NAME or OWNER/NAME@REVISION.")
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError:
        raise ValueError(f"huggingface_hub is not installed: {EXTRA}.") from None
    for wanted in (revision,) if revision else (None, CONVERTED):
        try:
            folder = snapshot_download(
                name, repo_type="dataset", revision=wanted, allow_patterns=["*.parquet"]
            )
        except Exception as error:  # each version of the library has another client's errors
            if isinstance(error, OSError) and error.filename:  # the disk, not the net
                raise
            raise ValueError(_why_not(name, wanted, error)) from None
        if any(Path(folder).rglob("*.parquet")):
            return Path(folder), Path(folder).name
    raise ValueError(f"{data_set} has no parquet files: download it and make it from its files.")


def _why_not(name: str, revision: str | None, error: Exception) -> str:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return f"{name} is gated: accept its conditions on its page and log in (hf auth login)."
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"There is no data set {name} on the hub, or it is private (hf auth login)."
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{name} has no revision {revision!r}."
    cause = one_printable_line(error.__cause__ or error)[:120]
    return (
        f"{name} cannot be fetched from the hub ({cause or type(error).__name__}), and is not in "
        "its cache: fetch it where there is a connection (hf download --repo-type dataset), and "
        "give the folder to msbench tasks make parquet."
    )
