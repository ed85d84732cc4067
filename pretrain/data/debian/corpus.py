"""Makes the corpus: fetch, prepare, choose, write. A killed run resumes when it is repeated."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msssl_common.csv_tables import csv_table
from msssl_common.decoder_notes import tell
from msssl_common.files import check_writable, remove_leftovers, write_bytes, write_text
from msssl_common.locks import locked_or_refused
from pretrain.data.audio import MANIFEST, find_audio
from pretrain.data.debian.choose import choose, prints_of
from pretrain.data.debian.deb import DebError
from pretrain.data.debian.fetch import Deb, MissingError, check_apt, fetch_deb, find_deb
from pretrain.data.debian.package_list import Package
from pretrain.data.debian.prepare import UNPACKED, Candidate, Prepared, prepare, read_prepared
from pretrain.data.debian.soundfont import fluidsynth_version
from pretrain.data.debian.summary import Summary, summarise
from pretrain.tools.overlap import Prints, read_prints

SETTINGS = "corpus.json"
SUMMARY = "summary.md"
DEBS, WORK, COPYRIGHT = "debs", ".work", "copyright"
FORMAT = 1
LISTS = ("packages", "sha256_of_list")
COLUMNS = (
    "file",
    "source",
    "kind",
    "package",
    "version",
    "original",
    "start",
    "seconds",
    "licence",
)


@dataclass(frozen=True)
class CorpusArgs:
    """What decides the corpus's bytes, beside the packages.

    Attributes:
        source_hours: Most hours of one package in one kind.
        kind_hours: Most hours of one kind.
    """

    source_hours: float
    kind_hours: float


def make_corpus(
    packages: Sequence[Package],
    out: Path,
    args: CorpusArgs,
    debs: Path | None = None,
    tasks: Path | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Summary:
    """Make a corpus, or go on making it.

    Args:
        packages: Which.
        out: Folder of the corpus.
        args: How.
        debs: Folder of ``.deb`` files; None to download with apt, into a folder in ``out``.
        tasks: Folder of audio that must not be in it.
        say: Told one sentence for each step.

    Raises:
        ValueError: No package is available, or another process writes to the folder, or it holds
            a corpus made otherwise.
        OSError: Something cannot be written.
    """
    if debs is None:
        check_apt()
    elif not debs.is_dir():
        raise FileNotFoundError(f"{debs}: no such folder; --from needs one of .deb files")
    if tasks is not None:
        find_audio(tasks)  # better a complaint now than after hours
    check_writable(out)
    busy = ValueError(f"{out}: another mspretrain corpus is writing to it; wait for it")
    with locked_or_refused(out / ".lock", busy):
        _check_same(out, packages, args)
        (out / WORK).mkdir(exist_ok=True)
        for left in (out / WORK).glob(f"{UNPACKED}*"):
            shutil.rmtree(left)  # of a process that was killed
        prepared = list(_prepare_all(packages, out, args, debs, say))
        if not any(one.candidates for one, _ in prepared):
            raise ValueError("none of the packages gave a clip; see the sentences above")
        return _finish(prepared, out, args, tasks, say)


def _prepare_all(
    packages: Sequence[Package],
    out: Path,
    args: CorpusArgs,
    debs: Path | None,
    say: Callable[[str], None],
) -> Iterator[tuple[Prepared, Deb]]:
    """The candidates of every package that is available and undamaged."""
    for number, package in enumerate(packages, 1):
        try:
            deb = _get(package, out, debs)
            path = out / WORK / f"{package.name}.zip"
            prepared = read_prepared(deb, path) if path.is_file() else None
            if prepared is None:
                prepare(deb, path, args.source_hours)
                prepared = read_prepared(deb, path)
        except MissingError as error:
            say(f"{error}; the corpus is made without it")
            continue
        except DebError as error:
            say(f"{deb.path}: {error}; the corpus is made without it")
            continue
        assert prepared is not None
        if deb.note:
            say(deb.note)
        hours = sum(candidate.seconds for candidate in prepared.candidates) / 3600
        clips = f"{len(prepared.candidates):,} clips, {hours:.2f} h"
        say(f"{number}/{len(packages)} {package.name} {deb.version}: {clips}")
        _say_lost(prepared, package, say)
        yield prepared, deb


def _say_lost(prepared: Prepared, package: Package, say: Callable[[str], None]) -> None:
    """Name the recordings that could not be used, or not whole; also those of an earlier call."""
    for recording, damage in prepared.damaged.items():
        tell(f"{package.name}: {recording}", damage)
    if count := len(prepared.skipped):
        recordings = "1 recording" if count == 1 else f"{count:,} recordings"
        say(f"{package.name}: {recordings} cannot be used, the first: {prepared.skipped[0]}")


def _get(package: Package, out: Path, debs: Path | None) -> Deb:
    if debs is None:
        return fetch_deb(package, out / DEBS)
    found = find_deb(package, debs)
    if found is None:
        raise MissingError(f"{package.name}: no {package.file_name} in {debs}")
    return found


def _finish(
    prepared: Sequence[tuple[Prepared, Deb]],
    out: Path,
    args: CorpusArgs,
    tasks: Path | None,
    say: Callable[[str], None],
) -> Summary:
    """Choose, and write clips, manifest, summary."""
    candidates = [candidate for one, _ in prepared for candidate in one.candidates]
    places = [(one, i) for one, _ in prepared for i in range(len(one.candidates))]
    prints = _read_tasks(tasks, say) if tasks is not None else None
    choice = choose(
        candidates,
        prints_of([one for one, _ in prepared]),
        prints,
        args.source_hours,
        args.kind_hours,
        say,
    )
    say(f"writing {len(choice.kept):,} clips")
    rows, wanted = [], set()
    for i in choice.kept:
        one, index = places[i]
        name = f"{candidates[i].kind}/{candidates[i].package}/{index:06d}.flac"
        wanted.add(name)
        write_bytes(out / name, one.flac(index))
        rows.append(_row(name, candidates[i]))
    _remove_others(out, wanted, {candidate.kind for candidate in candidates})
    for one, deb in prepared:
        if one.copyright:
            write_bytes(out / COPYRIGHT / f"{deb.package.name}.txt", one.copyright)
    write_text(out / MANIFEST, csv_table(COLUMNS, rows))
    debs = [deb for _, deb in prepared]
    summary = summarise([candidates[i] for i in choice.kept], choice, debs, fluidsynth_version())
    write_text(out / SUMMARY, summary.markdown())
    return summary


def _read_tasks(tasks: Path, say: Callable[[str], None]) -> Prints:
    """Fingerprints of the tasks' audio; what they do not cover is said."""
    say(f"reading the audio below {tasks}")
    prints = read_prints(tasks)
    for sentence in prints.skipped:
        say(f"not compared: {sentence}")
    return prints


def _row(name: str, candidate: Candidate) -> dict[str, str]:
    cells = [
        name,
        candidate.package,
        candidate.kind,
        candidate.package,
        candidate.version,
        candidate.original,
        f"{candidate.start:.3f}",
        f"{candidate.seconds:.3f}",
        candidate.licence,
    ]
    return dict(zip(COLUMNS, cells, strict=True))


def _remove_others(out: Path, wanted: set[str], kinds: set[str]) -> None:
    """Delete what killed runs left, and clips that an earlier run took and this one does not."""
    for kind in sorted(kinds):
        for folder in (out / kind).glob("*/"):
            remove_leftovers(folder)
        for path in (out / kind).glob("*/*.flac"):
            if path.relative_to(out).as_posix() not in wanted:
                path.unlink()


def _check_same(out: Path, packages: Sequence[Package], args: CorpusArgs) -> None:
    """Note how a new folder is made; refuse to go on otherwise."""
    path = out / SETTINGS
    settings = {
        "format": FORMAT,
        "source_hours": args.source_hours,
        "kind_hours": args.kind_hours,
        "fluidsynth": fluidsynth_version(),
        "packages": [package.file_name for package in packages],
        "sha256_of_list": hashlib.sha256(repr(packages).encode()).hexdigest(),
    }
    if not path.is_file():
        if (out / MANIFEST).exists():
            raise ValueError(f"{out} holds a {MANIFEST} but no corpus of ours; give another --out")
        write_text(path, json.dumps(settings, indent=2) + "\n")
        return
    stored = json.loads(path.read_text(encoding="utf-8"))
    for key, value in settings.items():
        if stored.get(key) != value:
            what = "packages" if key in LISTS else f"{key} {stored.get(key)!r}, not {value!r}"
            raise ValueError(f"{out} was begun with other {what}; give another --out")
