"""Virtual environments of the references, made at first use and kept.

Each reference pins what cannot stand beside today's packages (see README.md), so each has its own
environment under ``$MSSSL_PARITY_ENVS``, by default ``.parity/`` in the repository.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent


def environments_folder() -> Path:
    return Path(os.environ.get("MSSSL_PARITY_ENVS") or REPOSITORY / ".parity").resolve()


def python_of(version: str) -> str | None:
    """An interpreter of a version: pyenv's, whose shims need not work, or one on the path."""
    if not version:
        return str(getattr(sys, "_base_executable", sys.executable))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    if found := sorted(pyenv.glob(f"versions/{version}.*/bin/python")):
        return str(found[-1])
    python = shutil.which(f"python{version}")
    works = python and subprocess.run([python, "--version"], capture_output=True).returncode == 0
    return python if works else None


def call(*command: str, cwd: Path = REPOSITORY, variables: Mapping[str, str]) -> str:
    """Run a command with these variables; returns what it printed, stderr included.

    Raises:
        AssertionError: it failed; with what it printed.
    """
    done = subprocess.run(
        command, cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}"
    return done.stdout


@dataclass(frozen=True)
class ParityEnvironment:
    """A virtual environment and what is installed into it.

    Attributes:
        name: Its folder.
        installs: Arguments of one ``pip install`` after the other.
        python: Version of its Python, e.g. ``"3.8"``; the one at hand if empty.
    """

    name: str
    installs: tuple[tuple[str, ...], ...]
    python: str = ""

    def folder(self) -> Path:
        """The environment's folder; made, with everything installed, unless it is there already."""
        folder = environments_folder() / self.name
        stamp = folder / "installed.json"
        if stamp.is_file() and json.loads(stamp.read_text()) == [list(i) for i in self.installs]:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        base = python_of(self.python)
        assert base, f"there is no python{self.python} on the path"
        # Without the caller's path, pip does not take this project's needs for the environment's.
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        call(base, "-m", "venv", str(folder), variables=variables)
        python = str(folder / "bin" / "python")
        for arguments in self.installs:
            call(python, "-m", "pip", "install", "-q", *arguments, variables=variables)
        stamp.write_text(json.dumps(self.installs))
        return folder

    def run(self, program: str, *arguments: str, cwd: Path = REPOSITORY) -> str:
        """Run a program of the environment with the project importable.

        Args:
            program: Name in the environment's ``bin`` folder, e.g. ``"python"``.
            arguments: Its arguments.
            cwd: Working folder.

        Returns:
            What it printed, stderr included.

        Raises:
            AssertionError: it failed; with what it printed.
        """
        variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_WAIT_POLICY": "PASSIVE"}
        path = str(self.folder() / "bin" / program)
        return call(path, *arguments, cwd=cwd, variables=variables)


TORCHAUDIO_AND_TIMM = ParityEnvironment(
    "torchaudio",
    (("torch==2.11.0", "torchaudio==2.11.0", "torchvision==0.26.0", "timm==1.0.31", "numpy"),),
)
# What the modules under test import, less torch.
OUR_NEEDS = ("numpy", "scipy", "pandas", "scikit-learn", "soundfile", "soxr", "safetensors")
HEARVALIDATOR = ParityEnvironment(
    "hearvalidator",
    (
        ("tensorflow-cpu", "torch==2.13.0", *OUR_NEEDS, "PyYAML", "click", "rich"),
        ("--no-deps", "--ignore-requires-python", "hearvalidator==2021.0.6"),
    ),
)
# heareval asks for numpy 1.19, numba 0.48 and TensorFlow, so it goes in without what it asks for;
# run_heareval.py says what the pins are for. Its torch is that of the tests, for matrix products
# round by the version.
HEAREVAL = ParityEnvironment(
    "heareval",
    (
        (
            *(f"torch=={metadata.version('torch').partition('+')[0]}", "pytorch-lightning==1.9.5"),
            *("setuptools<81", "scikit-learn", "pandas", "click", "tqdm", "soundfile", "torchinfo"),
            *("intervaltree", "more-itertools", "python-slugify", "sed_eval", "dcase_util"),
        ),
        ("--no-deps", "heareval==2021.1.3"),
    ),
)
# It calls ffmpeg and ffprobe, which must be there.
HEARPREPROCESS = ParityEnvironment(
    "hearpreprocess",
    (
        (
            *("luigi", "ffmpeg-python", "patool", "python-slugify", "schema", "pandas", "tqdm"),
            *("soundfile", "requests", "click", "numpy", "setuptools<81"),
        ),
        ("--no-deps", "--ignore-requires-python", "hearpreprocess==2021.1.1"),
    ),
)
# With the libraries of its time: librosa 0.10 does not take the arguments that it gives any more,
# and TensorFlow 2.13 and torch 1.12 are the last that fit together and need no CUDA packages.
HEARBASELINE = ParityEnvironment(
    "hearbaseline",
    (
        ("torch==1.12.1", "tensorflow-cpu==2.13.1", "librosa==0.9.2", "setuptools<70"),
        ("--no-deps", "hearbaseline==2021.1.1"),
    ),
    python="3.8",
)
# The authors' pitch shift, for mspretrain bench (docs/scale.md).
LIBROSA = ParityEnvironment("librosa", (("librosa==0.11.0",),))
