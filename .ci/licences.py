"""The licence of everything that this project installs; status 1 if one does not go with ours.

``python .ci/licences.py``, in the environment in question; needs no network.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution, metadata

# Of packages that are used, not copied. LGPL: libsndfile and soxr are libraries of their own.
PERMITTED = re.compile(
    r"apache|bsd|mit\b|isc\b|psf|python software|mozilla|mpl|lgpl|lesser general|zlib|unlicense"
    r"|public domain|hpnd|historical permission|cc0|0bsd|nvidia",
    re.IGNORECASE,
)


def licence_of(package: Distribution) -> str:
    """What a distribution says of its licence, in one line."""
    facts = package.metadata
    classifiers = [line.rpartition(" :: ")[2] for line in facts.get_all("Classifier") or []
                   if line.startswith("License ::")]  # fmt: skip
    said = facts.get("License-Expression") or "; ".join(classifiers) or facts.get("License") or "?"
    return said.strip().splitlines()[0][:80] if said.strip() else "?"


def installed_by(name: str, seen: dict[str, Distribution]) -> dict[str, Distribution]:
    """A distribution and all that it needs, extras left out."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return seen
    try:
        seen[key] = distribution(name)
    except PackageNotFoundError:  # needed on another platform
        return seen
    for requirement in seen[key].requires or []:
        if "extra ==" not in requirement:
            installed_by(re.split(r"[^\w.-]", requirement, maxsplit=1)[0], seen)
    return seen


def main() -> int:
    """Print the list."""
    unknown = []
    for name, package in sorted(installed_by("msssl-hear", {}).items()):
        licence = licence_of(package)
        print(f"{name:<28} {metadata(name)['Version']:<16} {licence}")
        if not PERMITTED.search(licence):
            unknown.append(name)
    if unknown:
        print(f"look at the licence of: {', '.join(unknown)}", file=sys.stderr)
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
