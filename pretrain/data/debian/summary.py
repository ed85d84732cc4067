"""What is in a corpus: hours by kind and licence, packages, what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msssl_common.messages import one_printable_line, printable_name
from pretrain.data.debian.choose import Choice
from pretrain.data.debian.fetch import Deb
from pretrain.data.debian.prepare import Candidate


@dataclass(frozen=True)
class Summary:
    """Hours and counts of a corpus.

    Attributes:
        clips: How many.
        hours: In all.
        by_kind: Hours of each kind.
        by_licence: Hours under each licence.
        by_package: Hours of each package.
        dropped: Candidates left out, by reason.
        notes: One sentence for each package of another version than the list's.
        versions: Version of each package.
        fluidsynth: Version that rendered the notes; empty if none did.
        overlaps: Each overlap with a task, as a sentence.
    """

    clips: int
    hours: float
    by_kind: dict[str, float]
    by_licence: dict[str, float]
    by_package: dict[str, float]
    dropped: dict[str, int]
    notes: tuple[str, ...]
    versions: dict[str, str]
    fluidsynth: str
    overlaps: tuple[str, ...]

    def __str__(self) -> str:
        """One line."""
        kinds = ", ".join(f"{kind} {hours:.2f} h" for kind, hours in self.by_kind.items())
        dropped = ", ".join(f"{count:,} {why}" for why, count in self.dropped.items() if count)
        return f"{self.clips:,} clips, {self.hours:.2f} h: {kinds}; left out: {dropped or 'none'}"

    def markdown(self) -> str:
        """The page beside the corpus."""
        parts = ["# A corpus from Debian's packages", "", f"{self}.", ""]
        parts += _table("kind", self.by_kind) + _table("licence", self.by_licence)
        parts += _table("package", self.by_package, self.versions)
        rendered = f"fluidsynth {self.fluidsynth}" if self.fluidsynth else "none: no fluidsynth"
        parts += [f"Rendered with: {rendered}.", ""]
        parts += [f"- {one_printable_line(line)}" for line in (*self.notes, *self.overlaps)]
        return "\n".join(parts).rstrip() + "\n"


def summarise(
    kept: Sequence[Candidate], choice: Choice, debs: Sequence[Deb], fluidsynth: str
) -> Summary:
    """Count what was kept and left out."""
    return Summary(
        clips=len(kept),
        hours=sum(candidate.seconds for candidate in kept) / 3600,
        by_kind=_hours((candidate.kind, candidate.seconds) for candidate in kept),
        by_licence=_hours((candidate.licence, candidate.seconds) for candidate in kept),
        by_package=_hours((candidate.package, candidate.seconds) for candidate in kept),
        dropped=dict(choice.dropped),
        notes=tuple(deb.note for deb in debs if deb.note),
        versions={deb.package.name: deb.version for deb in debs},
        fluidsynth=fluidsynth,
        overlaps=tuple(choice.task_overlaps),
    )


def _hours(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Sum of the seconds of each name, in hours, largest first."""
    total: dict[str, float] = {}
    for name, seconds in pairs:
        total[name] = total.get(name, 0.0) + seconds / 3600
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def _table(
    title: str, hours: dict[str, float], versions: dict[str, str] | None = None
) -> list[str]:
    lines = [f"| {title} | hours |", "|:--|--:|"]
    for name, value in hours.items():
        label = f"{name} {versions[name]}" if versions else name
        lines.append(f"| {printable_name(label).replace('|', ' ')} | {value:.2f} |")
    return [*lines, ""]
