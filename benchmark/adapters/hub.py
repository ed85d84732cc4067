"""A checkpoint's files: from a local folder, or from the Hugging Face hub by way of its cache."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmark.adapters.checkpoint_name import CheckpointName

EXTRA = "pip install 'msssl-hear[transformers]'"

CARD = "README.md"
FACTS = ("config.json", "preprocessor_config.json", "processor_config.json", CARD)
"""What says how a model is built, what audio it takes, and under which licence it is."""

LICENCE = re.compile(r"^license: *[\"']?([\w.+-]+)[\"']? *$", re.MULTILINE)
LONGEST_CARD = 1 << 16  # bytes of it that are read

SAFETENSORS = ("model.safetensors", "model-*.safetensors", "model.safetensors.index.json")
PICKLED = ("pytorch_model.bin", "pytorch_model-*.bin", "pytorch_model.bin.index.json")
"""Weights by the names that transformers gives them, whole or in parts."""

BLOCK = 1 << 20  # bytes


class CheckpointError(ValueError):
    """A checkpoint cannot be had or used; one sentence says why and what to do."""


@dataclass(frozen=True)
class CheckpointFiles:
    """Files of a checkpoint on this machine.

    Attributes:
        folder: Where they are.
        commit: The hub's commit that they are of, 40 hexadecimal digits; None for a local folder.
    """

    folder: Path
    commit: str | None

    @property
    def weights(self) -> list[Path]:
        """The files with weights: safetensors where there are any, else pickled tensors."""
        for patterns in (SAFETENSORS, PICKLED):
            found = sorted(path for pattern in patterns[:2] for path in self.folder.glob(pattern))
            if found:
                return found
        return []

    @property
    def licence(self) -> str:
        """What the card names, in small letters (``apache-2.0``); empty if it names none.

        Source: https://huggingface.co/docs/hub/model-cards, "Model card metadata".
        """
        try:
            with (self.folder / CARD).open("rb") as file:
                text = file.read(LONGEST_CARD).decode(errors="replace")
        except OSError:
            return ""
        start, _, rest = text.partition("---\n")
        found = LICENCE.search(rest.partition("\n---")[0]) if not start.strip() else None
        return found[1] if found and found[1] != "other" else ""

    def weights_sum(self) -> str:
        """SHA-256 of the weights files' bytes, in the order of their names.

        Raises:
            CheckpointError: A file from the hub has another sum than the hub's.
        """
        digest = hashlib.sha256()
        for path in self.weights:
            own = hashlib.sha256()
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    own.update(block)
                    digest.update(block)
            self._check_sum(path, own.hexdigest())
        return digest.hexdigest()

    def _check_sum(self, path: Path, found: str) -> None:
        """In the hub's cache, a large file is a link to one that has its SHA-256 for a name."""
        published = path.resolve().name
        is_sum = len(published) == 64 and all(c in "0123456789abcdef" for c in published)
        if self.commit and is_sum and published != found:
            raise CheckpointError(
                f"{path} is damaged: its SHA-256 is not the one that the hub gives; delete "
                f"{path.resolve()} and start again"
            )


def facts_of(checkpoint: CheckpointName) -> CheckpointFiles:
    """Fetch what says how a model is built, and no weights.

    Args:
        checkpoint: Local folder or hub id. Python files come along only with
            ``trust_remote_code``.

    Raises:
        CheckpointError: There is no such folder or checkpoint, no connection, or no library.
    """
    files = _fetch(checkpoint, [*FACTS, *(["*.py"] if checkpoint.trust_remote_code else [])])
    if not (files.folder / "config.json").is_file():
        raise CheckpointError(
            f"'{checkpoint.name}' is no checkpoint of transformers: it has no config.json"
        )
    return files


def weights_of(checkpoint: CheckpointName, files: CheckpointFiles) -> CheckpointFiles:
    """Fetch the weights that belong to these facts: safetensors, or pickled tensors if need be.

    Args:
        checkpoint: Local folder or hub id.
        files: From `facts_of`: the weights are of the same commit.

    Raises:
        CheckpointError: As `facts_of`, and where there are no weights that torch reads.
    """
    pinned = CheckpointName(checkpoint.name, files.commit)
    for patterns in (SAFETENSORS, PICKLED):
        if files.commit and not files.weights:
            files = _fetch(pinned, patterns)
    if not files.weights:
        raise CheckpointError(
            f"'{checkpoint.name}' has no weights for torch: neither model.safetensors nor "
            "pytorch_model.bin"
        )
    return files


def _fetch(checkpoint: CheckpointName, patterns: Sequence[str]) -> CheckpointFiles:
    if checkpoint.is_folder:
        return CheckpointFiles(checkpoint.folder, None)
    _check_id(checkpoint.name)
    try:
        import huggingface_hub
    except ModuleNotFoundError as error:
        raise CheckpointError(f"huggingface_hub is not installed: {EXTRA}") from error
    with _in_words(checkpoint):
        folder = huggingface_hub.snapshot_download(
            checkpoint.name, revision=checkpoint.revision, allow_patterns=list(patterns)
        )
    return CheckpointFiles(Path(folder), Path(folder).name)


def _check_id(name: str) -> None:
    """See that a name that is no folder could be one of the hub's."""
    path = Path(name).expanduser()
    if path.exists():
        raise CheckpointError(f"'{name}' is a file: give the folder that it lies in")
    if path.is_absolute() or name.startswith(".") or name.count("/") > 1 or name.endswith("/"):
        raise CheckpointError(f"there is no folder '{name}' (an id of the hub is OWNER/NAME)")


@contextmanager
def _in_words(checkpoint: CheckpointName) -> Iterator[None]:
    """Say in one sentence why the hub did not give a checkpoint.

    Raises:
        CheckpointError: It did not.
    """
    from huggingface_hub import errors

    name = checkpoint.name
    try:
        yield
    except errors.GatedRepoError as error:
        raise CheckpointError(
            f"'{name}' is gated: accept its conditions on its page of the hub and log in there "
            "(hf auth login)"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise CheckpointError(
            f"there is neither a folder nor a model '{name}' on the hub, or it is private and you "
            "are not logged in (hf auth login)"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise CheckpointError(f"'{name}' has no revision '{checkpoint.revision}'") from error
    except errors.HFValidationError as error:
        raise CheckpointError(
            f"'{name}' is neither a folder nor an id of the hub, OWNER/NAME"
        ) from error
    except Exception as error:  # each version of the library has another client's errors
        if isinstance(error, OSError) and error.filename:  # the disk, not the net
            raise
        where = f" at revision '{checkpoint.revision}'" if checkpoint.revision else ""
        raise CheckpointError(
            f"'{name}'{where} cannot be fetched from the hub ({_reason(error)}) and is not in its "
            "cache: fetch it where there is a connection (hf download) and give the folder"
        ) from error


def _reason(error: BaseException) -> str:
    """What lies behind a failed download, in a few words."""
    from huggingface_hub import errors

    cause = error.__cause__ or error
    if isinstance(cause, errors.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    response = getattr(cause, "response", None)
    if response is not None:
        return f"it answered {response.status_code}"
    line = " ".join(str(cause).split())
    return f"no connection: {line[:120]}" if line else f"no connection: {type(cause).__name__}"
