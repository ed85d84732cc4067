"""Fuzz one reader: ``python -m tests.fuzz NAME --minutes 10``; without NAME, list them.

With atheris (``pip install atheris``; it has no wheel for every Python) the search follows what
code is reached; else hypothesis makes the files. Both stop at the first fault, print it, and
write the file that shows it to ``fault-NAME``.
"""

import argparse
import pkgutil
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz import targets
from tests.fuzz.target import Target

try:
    import atheris
except ImportError:
    atheris = None

LARGEST = 1 << 16  # bytes of a file
ROUND = 200  # files of hypothesis between two looks at the clock


def main() -> None:
    """Read the command line and fuzz."""
    names = [module.name for module in pkgutil.iter_modules(targets.__path__)]
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", choices=names, nargs="?")
    parser.add_argument("--minutes", type=float, default=10.0)
    chosen = parser.parse_args()
    if chosen.name is None:
        print("\n".join(names))
        return
    seconds = 60 * chosen.minutes
    if atheris is not None:
        with_atheris(chosen.name, seconds)
    else:
        with_hypothesis(chosen.name, seconds)


def read_one(target: Target, data: bytes, name: str) -> None:
    """Read a file in a folder of its own; keep it if it shows a fault."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            target.refusal(data, Path(folder))
        except BaseException:
            Path(f"fault-{name}").write_bytes(data)
            raise


def with_atheris(name: str, seconds: float) -> None:
    """Follow the code that is reached. Ends the process: status 0 if nothing was found."""
    with atheris.instrument_imports(include=["benchmark", "msssl_hear", "tarfile", "zipfile"]):
        target: Target = import_module(f"tests.fuzz.targets.{name}").TARGET

    def mutate(data: bytes, largest: int, number: int) -> bytes:
        random = Random(number)
        if random.random() < 0.2:
            return atheris.Mutate(data, largest)
        return target.mutate(data, random)[:largest]

    with tempfile.TemporaryDirectory() as corpus:
        for index, content in enumerate(target.seeds):
            (Path(corpus) / str(index)).write_bytes(content)
        options = [f"-max_total_time={seconds:.0f}", f"-max_len={LARGEST}", "-timeout=60"]
        options += ["-rss_limit_mb=6000", "-print_final_stats=1", "-verbosity=0", corpus]
        atheris.Setup(
            [sys.argv[0], *options],
            lambda data: read_one(target, data, name),
            custom_mutator=mutate,
        )
        atheris.Fuzz()


def with_hypothesis(name: str, seconds: float) -> None:
    """Change good files at random, and shrink what shows a fault."""
    target: Target = import_module(f"tests.fuzz.targets.{name}").TARGET
    files = st.builds(target.mutate, st.sampled_from(target.seeds), st.randoms()) | st.binary()
    end, files_read = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        one = given(files)(lambda data: read_one(target, data, name))
        quiet = settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        seed(files_read)(quiet(one))()
        files_read += ROUND
    print(f"{files_read} files read, no fault found")


if __name__ == "__main__":
    main()
