"""Virtual environments of the references, made at first use and kept.

Each reference pins what cannot stand beside today's packages (see README.md), so each has its own
environment under ``$MSSSL_PARITY_ENVS``, by default ``.parity/`` in the repository.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
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
    found = sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


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
        subprocess.run([base, "-m", "venv", str(folder)], check=True)
        # Without the caller's path, pip does not take this project's needs for the environment's.
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        for arguments in self.installs:
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *arguments]
            subprocess.run(pip, check=True, env=variables)
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
            AssertionError: if it fails, with what it printed.
        """
        variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_WAIT_POLICY": "PASSIVE"}
        done = subprocess.run(
            [str(self.folder() / "bin" / program), *arguments],
            cwd=cwd,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{program} {' '.join(arguments)} failed:\n{done.stdout}"
        return done.stdout


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
HEAREVAL = ParityEnvironment(
    "heareval",
    (
        (
            *("torch==2.13.0", "pytorch-lightning==1.9.5", "setuptools<81", "scikit-learn"),
            *("pandas", "click", "tqdm", "soundfile", "intervaltree", "more-itertools"),
            *("python-slugify", "torchinfo", "sed_eval", "dcase_util", "librosa"),
        ),
        (
            *("--no-deps", "--ignore-requires-python", "heareval==2021.1.3"),
            *("hearbaseline==2021.1.1", "hearvalidator==2021.0.6"),
        ),
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
