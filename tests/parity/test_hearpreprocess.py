"""hearpreprocess 2021.1.1, run unmodified, and our rules make the same tasks of the same raw data.

Upstream needs ffmpeg and ffprobe. The raw data are miniatures that the tests make.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from benchmark.cli import main
from tests.benchmark.tasks.make.raw_layouts import (
    write_dcase,
    write_esc50,
    write_nsynth,
    write_speech_commands,
)
from tests.parity.environment import HEARPREPROCESS, SCRIPTS

pytestmark = pytest.mark.parity
ESC50 = "secrettasks.hearsecrettasks.esc50"


@pytest.fixture(autouse=True)
def ffmpeg() -> None:
    for program in ("ffmpeg", "ffprobe"):
        if shutil.which(program) is None:
            pytest.skip(f"{program}, which hearpreprocess calls, is absent here")


def zipped(folder: Path, archives: Path, above: bool) -> str:
    """Zip a folder, with its own name on top or without; returns the archive's name."""
    root, base = (folder.parent, folder.name) if above else (folder, ".")
    return Path(shutil.make_archive(str(archives / folder.name), "zip", root, base)).name


def upstream(folder: Path, module: str, mode: str, rate: int, urls: list[dict]) -> Path:
    (folder / "archives.json").write_text(json.dumps(urls))
    script = str(SCRIPTS / "run_hearpreprocess.py")
    arguments = (script, module, mode, str(rate), str(folder))
    printed = HEARPREPROCESS.run("python", *arguments, cwd=folder)  # a log file goes there
    tasks = list((folder / "tasks").glob("*/labelvocabulary.csv"))
    assert len(tasks) == 1, printed[-3000:]
    return tasks[0].parent


def ours(folder: Path, name: str, rate: int, sources: list[Path]) -> Path:
    arguments = ["tasks", "make", name, "--to", str(folder), "--sample-rate", str(rate)]
    arguments += [text for source in sources for text in ("--source", str(source))]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return next(folder.glob("*/labelvocabulary.csv")).parent


def in_any_order(clips: dict) -> dict:
    return {file: sorted(entries, key=str) for file, entries in clips.items()}


def assert_same_task(made: Path, reference: Path, rate: int, tolerance: int) -> None:
    """The same folder name, metadata, vocabulary, splits and labels; audio to so many steps."""
    assert made.name == reference.name
    vocabulary = "labelvocabulary.csv"
    assert (made / vocabulary).read_bytes() == (reference / vocabulary).read_bytes()
    mine, theirs = (json.loads((f / "task_metadata.json").read_text()) for f in (made, reference))
    mine.pop("notice", None)  # miniatures are not the published task
    assert theirs.keys() - mine.keys() <= {"download_urls", "tmp_dir"}
    assert mine == {key: theirs[key] for key in mine}
    for split in theirs["splits"]:
        a, b = (json.loads((f / f"{split}.json").read_text()) for f in (made, reference))
        assert list(a) == list(b)
        assert in_any_order(a) == in_any_order(b)
        for file in a:
            x, y = (
                soundfile.read(f / str(rate) / split / file, dtype="int16")[0].astype(int)
                for f in (made, reference)
            )
            assert x.shape == y.shape, file
            assert np.abs(x - y).max() <= tolerance, file


def test_speech_commands(tmp_path: Path) -> None:
    train, test = write_speech_commands(tmp_path / "raw")
    urls = [
        {"split": "train", "url": zipped(train, tmp_path, above=False)},
        {"split": "test", "url": zipped(test, tmp_path, above=False)},
    ]
    reference = upstream(tmp_path, "speech_commands", "full", 16000, urls)
    made = ours(tmp_path / "ours", "speech_commands_full", 16000, [train, test])
    assert_same_task(made, reference, 16000, tolerance=0)


def test_nsynth(tmp_path: Path) -> None:
    folders = write_nsynth(tmp_path / "raw")
    urls = [
        {"split": split, "url": zipped(folder, tmp_path, above=True)}
        for split, folder in zip(("train", "valid", "test"), folders, strict=True)
    ]
    # NSynth's audio lies in the archive's folder, which upstream's path and ours both find.
    reference = upstream(tmp_path, "nsynth_pitch", "50h", 16000, urls)
    made = ours(tmp_path / "ours", "nsynth_pitch_50h", 16000, folders)
    assert_same_task(made, reference, 16000, tolerance=0)


def test_dcase(tmp_path: Path) -> None:
    dev, test = write_dcase(tmp_path / "raw")
    urls = [
        {"split": "train", "name": "dev", "url": zipped(dev.parent, tmp_path, above=True)},
        {"split": "train", "name": "eval", "url": zipped(test, tmp_path, above=True)},
    ]
    reference = upstream(tmp_path, "dcase2016_task2", "full", 16000, urls)
    made = ours(tmp_path / "ours", "dcase2016_task2", 16000, [tmp_path / "raw"])
    # Upstream rounds what was stereo to 16 bits, then resamples and rounds again.
    assert_same_task(made, reference, 16000, tolerance=2)


@pytest.mark.parametrize("rate", [16000, 32000, 44100, 48000])
def test_esc50(tmp_path: Path, rate: int) -> None:
    folder = write_esc50(tmp_path / "raw", lengths=(5.0, 4.37, 5.21))
    urls = [{"split": "all_folds", "url": zipped(folder, tmp_path, above=True)}]
    reference = upstream(tmp_path, ESC50, "full", rate, urls)
    made = ours(tmp_path / "ours", "esc50", rate, [tmp_path / "ESC-50-master.zip"])
    assert_same_task(made, reference, rate, tolerance=1)


def test_splits_and_samples_of_many_names(tmp_path: Path) -> None:
    script = str(SCRIPTS / "compare_hear_splits.py")
    # It writes a log file into its working folder.
    printed = HEARPREPROCESS.run("python", script, str(tmp_path), cwd=tmp_path)
    result = json.loads(printed.splitlines()[-1])
    assert result["splits"] == 200
    assert result["subsamples"] == 60
    full, five_hours = (result["speech_commands"][mode] for mode in ("full", "5h"))
    assert full["same clips, splits and labels"]
    assert five_hours["same clips, splits and labels"]
    # hearbenchmark.com: 100 503 and 22 890 clips; TensorFlow Datasets' catalogue has these splits.
    assert full["splits"] == {"train": 85511, "valid": 10102, "test": 4890}
    assert five_hours["splits"] == {"train": 16000, "valid": 2000, "test": 4890}
