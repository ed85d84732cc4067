"""Miniatures of the archives of tasks beyond HEAR's: their folders, tables and names."""

import json
import shutil
from pathlib import Path

from tests.benchmark.tasks.make.raw_layouts import noise

SCENES = ("airport", "tram")
TAU = "TAU-urban-acoustic-scenes-2020-mobile-development"
EMODB_SPEAKERS = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")


def table(path: Path, rows: list[tuple[object, ...]], separator: str) -> None:
    """Write a table without quotes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [separator.join(map(str, row)) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def write_urbansound8k(root: Path) -> Path:
    """Write two slices of one recording, of two classes by turns, in each of the ten folds."""
    folder = root / "UrbanSound8K"
    rows: list[tuple[object, ...]] = [
        ("slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class")
    ]
    for fold in range(1, 11):
        for kind, name in ((3, "dog_bark"), (8, "siren")):
            sound = 100032 + 10 * fold + kind
            for piece in (0, 1):
                file = f"{sound}-{kind}-0-{piece}.wav"
                noise(folder / "audio" / f"fold{fold}" / file, 0.3, 8000, channels=1 + piece)
                rows.append((file, sound, 0.0, 0.3, 1, fold, kind, name))
    table(folder / "metadata" / "UrbanSound8K.csv", rows, ",")
    (folder / "FREESOUNDCREDITS.txt").write_text("Credits.")
    return folder


def write_ravdess(root: Path) -> Path:
    """Write a neutral and a fearful utterance of each of the 24 actors."""
    for actor in range(1, 25):
        for emotion in ("01", "06"):
            name = f"03-01-{emotion}-01-02-01-{actor:02d}.wav"
            noise(root / f"Actor_{actor:02d}" / name, 0.2, 8000)
    return root


def write_emodb(root: Path) -> Path:
    """Write anger, fear and neutral of each speaker, anger in two versions."""
    for speaker in EMODB_SPEAKERS:
        for rest in ("a01Fa", "a01Wa", "a01Wb", "b02Nb"):
            noise(root / "wav" / f"{speaker}{rest}.wav", 0.2, 8000)
    return root


def write_crema_d(root: Path) -> Path:
    """Write two utterances of twenty actors, and a row of one whose file does not exist."""
    folder = root / "CREMA-D"
    rows: list[tuple[object, ...]] = [('""', '"FileName"', '"VoiceVote"')]
    for actor in range(1001, 1021):
        for emotion in ("ANG", "NEU"):
            name = f"{actor}_DFA_{emotion}_XX"
            noise(folder / "AudioWAV" / f"{name}.wav", 0.2, 8000)
            rows.append((f'"{len(rows)}"', f'"{name}"', '"N"'))
    rows.append((f'"{len(rows)}"', '"1013_WSI_DIS_XX"', '"D"'))
    table(folder / "processedResults" / "summaryTable.csv", rows, ",")
    return folder


def write_nsynth_families(root: Path) -> None:
    """Write a keyboard and a string note of each split, and a lead of training."""
    for split, first in (("train", 1), ("valid", 20), ("test", 300)):
        families = ["keyboard_acoustic", "string_acoustic"]
        families += ["synth_lead_synthetic"] if split == "train" else []
        examples = {}
        for family in families:
            name = f"{family}_{first:03d}-015-050"  # MIDI 15: below HEAR's range
            noise(root / f"nsynth-{split}" / "audio" / f"{name}.wav", 0.2, 16000)
            examples[name] = {
                "note_str": name,
                "pitch": 15,
                "instrument_family_str": family.rpartition("_")[0],
            }
        (root / f"nsynth-{split}" / "examples.json").write_text(json.dumps(examples))


def write_common_language(root: Path) -> Path:
    """Write two languages, with a file of one name in both, and the tables beside the audio."""
    folder = root / "common_voice_kpd"
    for language, code in (("English", "eng"), ("Welsh", "wel")):
        for split, short in (("train", "trn"), ("dev", "dev"), ("test", "tst")):
            speaker = folder / language / split / f"{code}_{short}_sp_1"
            noise(speaker / f"common_voice_{code}_{split}.wav", 0.2, 8000)
            noise(speaker / f"common_voice_1_{split}.wav", 0.2, 8000)
        (folder / language / "train.csv").write_text("ID\n")
    return folder


def write_tau(root: Path) -> Path:
    """Write archives of tables and audio: five places of training and one of test a scene."""
    folder = root / "raw" / TAU
    meta: list[tuple[object, ...]] = [("filename", "scene_label", "identifier", "source_label")]
    lists: dict[str, list[tuple[object, ...]]] = {
        "train": [("filename", "scene_label")],
        "evaluate": [("filename", "scene_label")],
        "test": [("filename",)],
    }
    for scene in SCENES:
        for place in range(6):
            for device in ("a", "s1"):
                name = f"audio/{scene}-lyon-{place}-{place}00-{device}.wav"
                noise(folder / name, 0.2, 8000)
                meta.append((name, scene, f"lyon-{place}", device))
                lists["evaluate" if place == 5 else "train"].append((name, scene))
    unused = "audio/tram-lyon-9-900-s4.wav"  # devices S4 to S6: of no list of training
    meta.append((unused, "tram", "lyon-9", "s4"))
    table(folder / "meta.csv", meta, "\t")
    lists["test"] += [(row[0],) for row in lists["evaluate"][1:]]
    for name, rows in lists.items():
        table(folder / "evaluation_setup" / f"fold1_{name}.csv", rows, "\t")
    downloads = root / "downloads"
    for part, scene in enumerate(SCENES, 1):
        for path in sorted((folder / "audio").glob(f"{scene}-*.wav")):
            target = root / f"part{part}" / TAU / "audio" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        shutil.make_archive(
            str(downloads / f"{TAU}.audio.{part}"), "zip", root / f"part{part}", TAU
        )
    shutil.rmtree(folder / "audio")
    shutil.make_archive(str(downloads / f"{TAU}.meta"), "zip", root / "raw", TAU)
    return downloads


def write_desed(root: Path) -> None:
    """Write synthetic training and validation, with files of one name, and the public set."""
    header = ("filename", "onset", "offset", "event_label")
    synthetic = root / "dcase_synth"
    for name, files in (("train", 3), ("validation", 1)):
        rows: list[tuple[object, ...]] = [header]
        audio = synthetic / "audio" / name / f"synthetic21_{name}" / "soundscapes"
        for index in range(files):
            noise(audio / f"{index}.wav", 0.5, 16000)
            (audio / f"{index}.jams").write_text("{}")
            rows += [(f"{index}.wav", 0.1, 0.4, "Dog"), (f"{index}.wav", 9.5, 11.0, "Speech")]
        table(synthetic / "metadata" / name / f"synthetic21_{name}" / "soundscapes.tsv", rows, "\t")
    public = root / "DESEDpublic_eval" / "dataset"
    for file in ("Y1_30.000_40.000.wav", "Y2_0.000_10.000.wav"):
        noise(public / "audio" / "eval" / "public" / file, 0.5, 44100)
    rows = [header, ("Y1_30.000_40.000.wav", 0.25, 1.5, "Dog")]
    table(
        public / "metadata" / "eval" / "public.tsv",
        [*rows, ("Y2_0.000_10.000.wav", "", "", "")],
        "\t",
    )
