"""Miniatures of the raw data sets: their folders, files, tables and names, with made-up audio."""

import csv
import json
from pathlib import Path

import numpy as np
import soundfile

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
OTHER_WORDS = ("bed", "zero")


def noise(path: Path, seconds: float, rate: int, channels: int = 1) -> None:
    """Write 16-bit noise that depends on the file's name only; rumble, so that nothing clips."""
    generator = np.random.default_rng(list(path.name.encode()))
    audio = generator.uniform(-0.3, 0.3, (round(seconds * rate), channels))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, rate, subtype="PCM_16")


def write_speech_commands(root: Path, clips: int = 1) -> tuple[Path, Path]:
    """Write both archives' contents: ``clips`` files a word, or twice as many, in each split."""
    train, test = root / "speech_commands_v0.02", root / "speech_commands_test_set_v0.02"
    lists: dict[str, list[str]] = {"validation": [], "testing": []}
    for word in (*WORDS, *OTHER_WORDS):
        for index in range(3 * clips):
            name = f"{word}/{hash_of(word, index)}_nohash_{index}.wav"
            # Some raw files are shorter than a second.
            noise(train / name, 1.0 if index % 2 else 0.743, 16000)
            if index % 3:
                lists["validation" if index % 3 == 1 else "testing"].append(name)
            if index % 3 == 2:
                folder = word if word in WORDS else "_unknown_"
                noise(test / folder / Path(name).name, 1.0, 16000)
    for name, seconds in (("running_tap", 2.2), ("pink_noise", 2.0), ("dude_miaowing", 1.9)):
        noise(train / "_background_noise_" / f"{name}.wav", seconds, 16000)
    (train / "_background_noise_" / "README.md").write_text("Noises.")
    noise(test / "_silence_" / "167.wav", 1.0, 16000)
    for kind, names in lists.items():
        (train / f"{kind}_list.txt").write_text("".join(f"{name}\n" for name in names))
    (train / "LICENSE").write_text("CC BY 4.0")
    return train, test


def hash_of(word: str, index: int) -> str:
    """Eight hexadecimal digits, as speakers have."""
    return f"{sum(word.encode()) * 7919 + index * 104729:08x}"


def write_nsynth(root: Path, notes: int = 2) -> list[Path]:
    """Write train, valid and test: notes of MIDI 60 and 61, and one beyond each bound."""
    folders = []
    for split, instrument in (("train", 1), ("valid", 20), ("test", 300)):
        folder = root / f"nsynth-{split}"
        examples = {}
        for pitch in (20, 21, 60, 108, 109):
            for velocity in range(notes):
                name = f"keyboard_acoustic_{instrument:03d}-{pitch:03d}-{25 + velocity:03d}"
                noise(folder / "audio" / f"{name}.wav", 4.0, 16000)
                examples[name] = {"note_str": name, "pitch": pitch, "velocity": 25 + velocity}
        (folder / "examples.json").write_text(json.dumps(examples))
        folders.append(folder)
    return folders


def write_dcase(root: Path, recordings: int = 5, seconds: float = 3.0) -> list[Path]:
    """Write the development and the public test set, annotations in seconds."""
    folders = [
        root / "dcase2016_task2_train_dev" / "dcase2016_task2_dev",
        root / "dcase2016_task2_test_public",
    ]
    for kind, folder in zip(("dev", "test"), folders, strict=True):
        for index in range(recordings):
            stem = f"{kind}_1_ebr_{6 * (index % 3) - 6}_nec_{index}_poly_{index % 2}"
            noise(folder / "sound" / f"{stem}.wav", seconds, 44100, channels=1 + index % 2)
            (folder / "annotation").mkdir(exist_ok=True)
            rows = [
                f"{1.25 + index / 7:.6f}\t2.000000\tphone",
                "0.500000\t1.040000\tclearthroat",
                "119.000000\t121.500000\tlaughter",
                "120.000000\t121.000000\tphone",
            ]
            (folder / "annotation" / f"{stem}.txt").write_text("\n".join(rows) + "\n")
    train = folders[0].parent / "dcase2016_task2_train"
    noise(train / "phone01.wav", 0.5, 44100)
    return folders


def write_esc50(root: Path, lengths: tuple[float, ...] = (5.0,), rate: int = 44100) -> Path:
    """Write the repository's audio and table: a dog and rain in each of the five folds."""
    folder = root / "ESC-50-master"
    rows = []
    for fold in range(1, 6):
        for target, category in ((0, "dog"), (10, "rain")):
            name = f"{fold}-{1000 * fold + target}-A-{target}.wav"
            noise(folder / "audio" / name, lengths[len(rows) % len(lengths)], rate)
            rows.append((name, fold, target, category, True, 1000 * fold + target, "A"))
    (folder / "meta").mkdir()
    with (folder / "meta" / "esc50.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("filename", "fold", "target", "category", "esc10", "src_file", "take"))
        writer.writerows(rows)
    return folder
