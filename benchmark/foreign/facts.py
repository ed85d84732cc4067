"""What a foreign interpreter tells of itself and of the model that it loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NAMED = ("torch", "tensorflow", "keras", "numpy")  # in the note under every table


@dataclass(frozen=True)
class ForeignFacts:
    """Facts of a foreign model.

    Attributes:
        attributes: The model's HEAR attributes and ours, as they are; not yet checked.
        framework: "torch" or "tensorflow".
        parameters: Number of trainable parameters.
        weights_hash: SHA-256 of parameters and buffers (torch: as `fingerprint.weights_hash`).
        source_hash: SHA-256 of the code of the packages behind the model, of the interpreter's
            version and of the versions of all packages that are loaded there.
        python: E.g. "CPython 3.8.18".
        packages: Versions of the loaded packages.
        distribution: What was installed to have the module, e.g. "hearbaseline 2021.1.1", or "".
    """

    attributes: dict[str, Any]
    framework: str
    parameters: int
    weights_hash: str
    source_hash: str
    python: str
    packages: dict[str, str]
    distribution: str

    @property
    def note(self) -> str:
        """For under every table: in what the row was made."""
        found = (f"{name} {self.packages[name]}" for name in NAMED if name in self.packages)
        ran = f"ran in an interpreter of its own: {', '.join([self.python, *found])}"
        own = self.attributes.get("row_note")
        return f"{own}; {ran}" if own else ran
