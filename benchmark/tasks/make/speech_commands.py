"""Google Speech Commands v0.0.2: ten words, unknown words and silence.

hear-preprocess, hearpreprocess/speech_commands.py; its splits are those of TensorFlow Datasets'
``speech_commands``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import soundfile

from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.sources import RawFolder, Sources
from benchmark.tasks.make.splits import SPLITS, max_seconds_by_split, subsample

WORDS: Final = frozenset(
    ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes"),
)
UNKNOWN: Final = "_unknown_"
SILENCE: Final = "_silence_"
BACKGROUND: Final = "_background_noise_"
VALID_NOISE: Final = "running_tap"  # its silence is for validation, as no list names any
LISTS: Final = ("validation_list.txt", "testing_list.txt")

URL: Final = "http://download.tensorflow.org/data"
TRAIN: Final = RawFolder(
    what="Speech Commands' training data",
    has=(*LISTS, BACKGROUND),
    archive="speech_commands_v0.02.tar.gz",
    url=f"{URL}/speech_commands_v0.02.tar.gz",
)
TEST: Final = RawFolder(
    what="Speech Commands' test set",
    has=(SILENCE, UNKNOWN, "yes"),
    has_not=LISTS,
    archive="speech_commands_test_set_v0.02.tar.gz",
    url=f"{URL}/speech_commands_test_set_v0.02.tar.gz",
)
HOURS: Final = {"5h": 5.0, "full": None, "small": None}
# "full" is the sum that hearbenchmark.com gives (100 503), split as TensorFlow Datasets' catalogue
# says; 5 h of 1 s clips are 16 000 and 2 000, with the whole test set 22 890.
CLIPS: Final = {
    "5h": {"train": 16000, "valid": 2000, "test": 4890},
    "full": {"train": 85511, "valid": 10102, "test": 4890},
}


def plan(sources: Sources, mode: str) -> TaskPlan:
    """Plan the task.

    Args:
        sources: The training archive and the test set's, or folders with what is in them.
        mode: "5h", "full", or "small" for HEAR's downsampled raw data.

    Raises:
        FileNotFoundError: The training data or the test set is missing.
        ValueError: An official list names a file that is not there, or a noise is unreadable.
    """
    metadata = _metadata(mode)
    train, test = sources.find(TRAIN), sources.find(TEST)
    clips = [*_test_clips(test), *_word_clips(train, mode == "small"), *_silence_clips(train)]
    kept = {
        split: subsample(
            (clip.stem for clip in clips if clip.split == split),
            split,
            metadata["max_task_duration_by_split"][split],
            metadata["sample_duration"],
        )
        for split in SPLITS
    }
    return TaskPlan(
        metadata=metadata,
        clips=tuple(clip for clip in clips if clip.stem in kept[clip.split]),
        every_label_everywhere=mode != "small",
        expected_clips=CLIPS.get(mode),
    )


def _metadata(mode: str) -> dict[str, Any]:
    return {
        "task_name": "speech_commands",
        "version": "v0.0.2",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "split_mode": "trainvaltest",
        "sample_duration": 1.0,
        "evaluation": ["top1_acc"],
        "default_mode": "5h",
        "max_task_duration_by_split": max_seconds_by_split(HOURS[mode], test=False),
        "mode": mode,
        "splits": list(SPLITS),
    }


def _clip(source: Path, split: str) -> RawClip:
    """A clip named after its folder and file, labelled by its folder.

    ``relpath_to_unique_filestem``, ``relpath_to_label``.
    """
    folder = source.parent.name
    label = folder if folder in WORDS or folder == SILENCE else UNKNOWN
    return RawClip(source=source, stem=f"{folder}_{source.stem}", split=split, labels=(label,))


def _test_clips(folder: Path) -> list[RawClip]:
    """The official test set's files, silence and unknown words among them."""
    return [_clip(path, "test") for path in sorted(folder.glob("*/*.wav"))]


def _word_clips(folder: Path, small: bool) -> list[RawClip]:
    """Validation as the official list says; training what neither official list names."""
    valid, test = (frozenset((folder / name).read_text().split()) for name in LISTS)
    files = {f"{path.parent.name}/{path.name}": path for path in folder.glob("[!_]*/*.wav")}
    absent = sorted(valid - files.keys())
    if absent and not small:
        raise ValueError(
            f"{folder / LISTS[0]} names {len(absent)} files that are missing, {absent[0]} first: "
            f"unpack {TRAIN.archive} anew."
        )
    return [
        _clip(path, "valid" if name in valid else "train")
        for name, path in sorted(files.items())
        if name not in test
    ]


def _silence_clips(folder: Path) -> list[RawClip]:
    """Seconds cut from the background noises, half a second apart (``GenerateTrainDataset``)."""
    clips = []
    for noise in sorted((folder / BACKGROUND).glob("*.wav")):
        try:
            header = soundfile.info(noise)
        except (soundfile.LibsndfileError, RuntimeError):
            raise ValueError(
                f"{noise} cannot be read: _silence_ is cut from it; unpack {TRAIN.archive} anew."
            ) from None
        split = "valid" if noise.stem.startswith(VALID_NOISE) else "train"
        whole = _clip(folder / SILENCE / noise.name, split)
        rate = header.samplerate
        for start in range(0, header.frames - rate, rate // 2):
            stem = f"{whole.stem}-{start}"
            clips.append(replace(whole, source=noise, stem=stem, segment=(start, rate)))
    return clips
