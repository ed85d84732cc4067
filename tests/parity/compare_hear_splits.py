"""Runs hearpreprocess' own rule functions beside ours on many made-up names; prints JSON.

Inside the hearpreprocess environment: ``python compare_hear_splits.py FOLDER [LISTS]``. FOLDER is
empty; LISTS has Speech Commands' official ``validation_list.txt`` and ``testing_list.txt``, without
which lists of the same lengths are made up.
"""

import collections
import contextlib
import hashlib
import io
import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import soundfile
from hearpreprocess import pipeline, speech_commands

from benchmark.tasks.make import speech_commands as ours
from benchmark.tasks.make.sources import Sources
from benchmark.tasks.make.splits import draw_train_valid_test, subsample

# Recordings of each word in v0.02: P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary
# Speech Recognition", arXiv 1804.03209, figure 1.
RECORDINGS = {
    **{"backward": 1664, "bed": 2014, "bird": 2064, "cat": 2031, "dog": 2128, "down": 3917},
    **{"eight": 3787, "five": 4052, "follow": 1579, "forward": 1557, "four": 3728, "go": 3880},
    **{"happy": 2054, "house": 2113, "learn": 1575, "left": 3801, "marvin": 2100, "nine": 3934},
    **{"no": 3941, "off": 3745, "on": 3845, "one": 3890, "right": 3778, "seven": 3998},
    **{"sheila": 2022, "six": 3860, "stop": 3872, "three": 3727, "tree": 1759, "two": 3880},
    **{"up": 3723, "visual": 1592, "wow": 2123, "yes": 4044, "zero": 4052},
}
# Samples of the noises in v0.02.
NOISES = {
    **{"doing_the_dishes": 1522930, "dude_miaowing": 988891, "exercise_bike": 980062},
    **{"pink_noise": 960000, "running_tap": 978488, "white_noise": 960000},
}
VALID, TEST = 9981, 11005  # lines of the official lists
WORDS_IN_TEST_SET = 4074  # of the lines of the testing list
TEST_SET = {"_silence_": 408, "_unknown_": 408}  # the words' files are those of the list


def same_splits() -> int:
    """Data sets, of any size and shares, in which every key has the same split."""
    same = 0
    for seed in range(200):
        generator = random.Random(seed)
        count = generator.randint(10, 3000)
        keys = {f"{generator.getrandbits(48):x}-{seed}" for _ in range(count)}
        percentages = generator.choice([(80, 10, 10), (60, 20, 20)])
        shares = dict(zip(("train", "valid", "test"), percentages, strict=True))
        frame = pd.DataFrame({"split_key": sorted(keys), "split": "train"})
        task = SimpleNamespace(task_config={"split_percentage": shares}, longname="made up")
        theirs = pipeline.ExtractMetadata.split_train_test_val(task, frame)
        drawn = draw_train_valid_test(keys, shares)
        same += drawn == dict(zip(theirs["split_key"], theirs["split"], strict=True))
    return same


def upstream_subsample(
    stems: Iterable[str], split: str, limit: float | None, folder: Path
) -> set[str]:
    """Names that upstream's task links into its folder."""
    folder.mkdir(parents=True)
    frame = pd.DataFrame({"unique_filestem": list(stems), "split": split})
    frame["relpath"] = "/nowhere/" + frame["unique_filestem"] + ".wav"
    task = SimpleNamespace(
        metadata=frame,
        split=split,
        splitdir=folder,
        createsplit=lambda: None,
        mark_complete=lambda: None,
        longname="made up",
        task_config={"sample_duration": 4.0},
        get_max_split_duration=lambda: limit,
    )
    pipeline.SubsampleSplit.run(task)
    return {path.stem for path in folder.iterdir()}


def same_subsamples(folder: Path) -> int:
    """Splits, of any name and size, of which the same clips are kept."""
    same = 0
    for seed in range(60):
        generator = random.Random(seed)
        stems = {f"{generator.getrandbits(64):x}" for _ in range(generator.randint(1, 4000))}
        split = ("train", "valid", "test", "fold00", "fold03")[seed % 5]
        limit = generator.choice([None, 4.0 * len(stems) * generator.random()])
        theirs = upstream_subsample(stems, split, limit, folder / str(seed))
        same += theirs == subsample(stems, split, limit, 4.0)
    return same


def write_raw(root: Path, lists: Path | None) -> None:
    """Speech Commands at full size, of empty files; only the noises are audio."""
    train, test = root / "train" / "train", root / "test" / "test"
    names: dict[str, list[str]] = {}
    for kind, count in (("validation", VALID), ("testing", TEST)):
        if lists is not None:
            names[kind] = (lists / f"{kind}_list.txt").read_text().split()
        else:
            in_test_set = sorted(ours.WORDS)
            others = sorted(RECORDINGS.keys() - ours.WORDS)
            words = [in_test_set[i % 10] for i in range(WORDS_IN_TEST_SET)]
            words += [others[i % 25] for i in range(count - len(words))]
            names[kind] = [made_name(word, kind, i) for i, word in enumerate(words)]
    for word, recordings in RECORDINGS.items():
        listed = [name for kind in names.values() for name in kind if name.startswith(f"{word}/")]
        others = [made_name(word, "train", i) for i in range(recordings - len(listed))]
        (train / word).mkdir(parents=True)
        for name in (*listed, *others):
            (train / name).touch()
    for kind, listed in names.items():
        (train / f"{kind}_list.txt").write_text("\n".join(listed) + "\n")
    (train / ours.BACKGROUND).mkdir()
    for noise, samples in NOISES.items():
        soundfile.write(train / ours.BACKGROUND / f"{noise}.wav", np.zeros(samples), 16000)
    words = [name for name in names["testing"] if name.partition("/")[0] in ours.WORDS]
    for label, count in TEST_SET.items():
        words += [f"{label}/{made_name(label, 'test', i).rpartition('/')[2]}" for i in range(count)]
    for name in words:
        (test / name).parent.mkdir(parents=True, exist_ok=True)
        (test / name).touch()


def made_name(word: str, kind: str, index: int) -> str:
    speaker = hashlib.md5(f"{word} {kind} {index}".encode()).hexdigest()[:8]
    return f"{word}/{speaker}_nohash_{index % 5}.wav"


def upstream_speech_commands(root: Path) -> pd.DataFrame:
    """Stem, split and label of every clip by upstream's methods, before sub-sampling."""
    generated = root / "generated"
    generated.mkdir()
    train = SimpleNamespace(workdir=root / "train")
    generate = SimpleNamespace(
        requires=lambda: {"train": train}, workdir=generated, mark_complete=lambda: None
    )
    speech_commands.GenerateTrainDataset.run(generate)
    their = speech_commands.ExtractMetadata
    tasks = {"train": generate, "test": SimpleNamespace(workdir=root / "test")}
    task = SimpleNamespace(requires=lambda: tasks, relpath_to_label=their.relpath_to_label)
    task.get_split_paths = lambda: their.get_split_paths(task)
    frame = their.get_all_metadata(task)
    return frame.assign(unique_filestem=frame["relpath"].apply(their.relpath_to_unique_filestem))


def speech_commands_tables(folder: Path, lists: Path | None) -> dict:
    raw = folder / "raw"
    write_raw(raw, lists)
    frame = upstream_speech_commands(raw)
    tables = {}
    for mode in ("full", "5h"):
        limits = speech_commands.generic_task_config["modes"][mode]["max_task_duration_by_split"]
        theirs = set()
        for split, of_split in frame.groupby("split"):
            limit = limits[split] and 4.0 * limits[split]  # clips there last 4 s, here 1 s
            kept = upstream_subsample(
                of_split["unique_filestem"], split, limit, folder / mode / split
            )
            rows = of_split[of_split["unique_filestem"].isin(kept)]
            theirs |= set(zip(rows["unique_filestem"], rows["split"], rows["label"], strict=True))
        sources = Sources([raw / "train", raw / "test"], folder, contextlib.nullcontext)
        plan = ours.plan(sources, mode)
        made = {(clip.stem, clip.split, *clip.labels) for clip in plan.clips}
        counts = collections.Counter((split, label) for _, split, label in made)
        tables[mode] = {
            "same clips, splits and labels": made == theirs and len(made) == len(plan.clips),
            "splits": plan.clips_per_split(),
            "labels": {
                label: {split: counts[split, label] for split in plan.splits}
                for label in sorted({label for _, label in counts})
            },
        }
    return tables


def main(folder: Path, lists: Path | None) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        result = {
            "splits": same_splits(),
            "subsamples": same_subsamples(folder / "subsamples"),
            "speech_commands": speech_commands_tables(folder / "speech_commands", lists),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    arguments = [Path(argument).resolve() for argument in sys.argv[1:]]
    main(arguments[0], arguments[1] if len(arguments) > 1 else None)
