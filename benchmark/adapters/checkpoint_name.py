"""What stands after the ``=``: a hub id or a folder, and options behind a question mark.

``OWNER/NAME``, ``OWNER/NAME@REVISION``, ``FOLDER``; then ``?layer=7``, ``?layer=mean``,
``?layer=all``, ``?trust_remote_code=yes``, two of them joined by ``&``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Layer = int | Literal["mean", "all"] | None

OPTIONS = "layer=NUMBER, layer=mean, layer=all and trust_remote_code=yes"


@dataclass(frozen=True)
class CheckpointName:
    """A checkpoint and how to read it.

    Attributes:
        name: Hub id, ``OWNER/NAME``, or a local folder.
        revision: Branch, tag or commit on the hub; None: its main branch.
        layer: Which layer's output is the embedding: a number from 0, "mean" over all layers,
            "all" for a row per layer; None: what the model itself gives out.
        trust_remote_code: Whether Python files of the checkpoint may run.
    """

    name: str
    revision: str | None = None
    layer: Layer = None
    trust_remote_code: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether the checkpoint is a local folder."""
        return self.folder.is_dir()

    @property
    def folder(self) -> Path:
        """The name as a path."""
        return Path(self.name).expanduser()

    @property
    def title(self) -> str:
        """Name of the row in tables: short, with what was asked for."""
        name = self.folder.resolve().name if self.is_folder else self.name.rpartition("/")[2]
        if self.revision:
            name += f"@{self.revision}"
        if self.layer is None:
            return name
        return f"{name} layer {self.layer}" if self.layer != "mean" else f"{name} mean of layers"

    def of_layer(self, layer: int) -> CheckpointName:
        """The same checkpoint, read at a layer."""
        return replace(self, layer=layer)

    def __str__(self) -> str:
        """The text that `parse` reads."""
        text = self.name if self.revision is None else f"{self.name}@{self.revision}"
        options = [] if self.layer is None else [f"layer={self.layer}"]
        if self.trust_remote_code:
            options.append("trust_remote_code=yes")
        return f"{text}?{'&'.join(options)}" if options else text


def parse(text: str) -> CheckpointName:
    """Read what stands after the ``=``.

    A folder that exists is taken as it is, whatever characters are in its name.

    Raises:
        ValueError: One sentence: nothing there, an unknown option or value, a folder's revision.
    """
    if not text:
        raise ValueError(
            "name a checkpoint: benchmark.adapters.transformers=OWNER/NAME, or =FOLDER of one that "
            "save_pretrained wrote"
        )
    whole = CheckpointName(text)
    if whole.is_folder:
        return whole
    place, _, options = text.rpartition("?") if "?" in text else (text, "", "")
    name, at, revision = place.partition("@")
    if CheckpointName(place).is_folder:
        name, at, revision = place, "", ""
    elif at and not revision:
        raise ValueError(f"'{place}' names no revision after the @")
    elif at and CheckpointName(name).is_folder:
        raise ValueError(
            f"'{name}' is a folder, and a folder has no revisions: leave out @{revision}"
        )
    return _with_options(CheckpointName(name, revision or None), options)


def _with_options(checkpoint: CheckpointName, options: str) -> CheckpointName:
    for option in options.split("&") if options else ():
        key, _, value = option.partition("=")
        if key == "layer" and (value in ("mean", "all") or value.isdecimal()):
            layer: Layer = int(value) if value.isdecimal() else value  # type: ignore[assignment]
            checkpoint = replace(checkpoint, layer=layer)
        elif key == "trust_remote_code" and value in ("yes", "no"):
            checkpoint = replace(checkpoint, trust_remote_code=value == "yes")
        else:
            raise ValueError(f"'{option}' is no option of a checkpoint; there are {OPTIONS}")
    return checkpoint
