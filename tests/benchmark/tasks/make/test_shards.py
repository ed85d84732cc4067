"""Tasks from parquet files, of the hub, and from tar shards, written by pyarrow and tarfile."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pyarrow
import pytest
import soundfile
from pyarrow import parquet

from benchmark.tasks.labels import read_events, read_scene_labels
from benchmark.tasks.make.shards import ShardClip, ShardFolder, split_of_shard
from benchmark.tasks.task import read_task
from tests.benchmark.tasks.make.conftest import Make
from tests.hostile import assert_printed_well

RATE = 8000


def wav(seed: int, kind: str = "WAV", seconds: float = 0.2) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).uniform(-0.3, 0.3, int(RATE * seconds))
    soundfile.write(buffer, noise, RATE, format=kind, subtype="PCM_16")
    return buffer.getvalue()


def write_hub_file(path: Path, rows: list[dict], features: dict | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.Table.from_pylist(rows)
    if features is not None:
        text = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": text})
    parquet.write_table(table, path, row_group_size=2)


def labels_of(folder: Path) -> dict[str, dict[str, list[str]]]:
    task = read_task(folder)
    return {split: read_scene_labels(task, split) for split in task.splits}


def audio(seed: int, name: str | None = None) -> dict:
    return {"bytes": wav(seed), "path": name or f"{seed}.wav"}


CLASSES = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}


def test_a_data_set_as_the_hub_ships_it(tmp_path: Path, made: Path, make: Make) -> None:
    for place, (split, shards) in enumerate((("train", 2), ("validation", 1), ("test", 1))):
        for shard in range(shards):
            rows = [
                {"audio": audio(100 * place + 10 * shard + i), "label": i % 2} for i in range(4)
            ]
            name = f"{split}-{shard:05d}-of-{shards:05d}.parquet"
            write_hub_file(tmp_path / "data" / name, rows, CLASSES)
    result = make("parquet", "pets", "--source", tmp_path)
    assert result.exit_code == 0, result.output
    labels = labels_of(made / "pets-v1-full")
    assert labels["train"] == {
        f"{n}.wav": [("cat", "dog")[n % 2]] for n in (*range(4), *range(10, 14))
    }
    assert list(labels["valid"]) == [f"{n}.wav" for n in range(100, 104)]
    assert [path.name for path in made.iterdir()] == ["pets-v1-full"]  # no unpacked audio is left
    clip, _ = soundfile.read(made / "pets-v1-full" / "16000" / "test" / "200.wav")
    assert len(clip) == 3200


def test_columns_of_other_names_folds_groups_and_paths(
    tmp_path: Path, made: Path, make: Make
) -> None:
    rows = []
    for index in range(6):
        (tmp_path / "wavs").mkdir(exist_ok=True)
        (tmp_path / "wavs" / f"{index}.flac").write_bytes(wav(index, "FLAC"))
        rows.append(
            {"sound": f"wavs/{index}.flac", "what": "ab"[index % 2], "fold": index % 3, "who": "x"}
        )
    write_hub_file(tmp_path / "all.parquet", rows)
    arguments = ("parquet", "x", "--source", tmp_path / "all.parquet", "--column", "audio=sound")
    refused = make(*arguments)
    assert refused.exit_code == 2
    assert "has no column 'label' (it has sound, what, fold, who)" in refused.output
    result = make(*arguments, "--column", "label=what", "--column", "group=who")
    assert result.exit_code == 0, result.output
    assert "1 groups are in more than one split, x for one." in result.output
    assert list(labels_of(made / "x-v1-full")) == ["fold00", "fold01", "fold02"]


def test_several_labels_and_bytes_alone(tmp_path: Path, made: Path, make: Make) -> None:
    features = {"tags": {"feature": {"names": ["a", "b", "c"], "_type": "ClassLabel"}}}
    rows = [
        {"audio": wav(i, "FLAC"), "tags": tags, "split": split}
        for i, (split, tags) in enumerate(
            (("train", [0, 2]), ("train", [1]), ("dev", [2]), ("test", []), ("test", [0, 1]))
        )
    ]
    write_hub_file(tmp_path / "train.parquet", rows, features)
    result = make(*("parquet", "x", "--source", tmp_path, "--column", "label=tags", "--multilabel"))
    assert result.exit_code == 0, result.output
    labels = labels_of(made / "x-v1-full")
    assert sorted(labels["train"].values()) == [["a", "c"], ["b"]]
    assert sorted(labels["test"].values()) == [[], ["a", "b"]]


@pytest.mark.parametrize("layout", ["list of structs", "struct of lists"])
def test_events(tmp_path: Path, made: Path, make: Make, layout: str) -> None:
    events = [
        {"onset": 0.05, "offset": 0.15, "label": 1},
        {"onset": 0.0, "offset": 0.1, "label": 0},
    ]
    if layout == "struct of lists":
        own = {key: [event[key] for event in events] for key in ("onset", "offset", "label")}
        feature = {"feature": {"label": {"names": ["cat", "dog"]}}, "_type": "Sequence"}
    else:
        own, feature = events, [{"label": {"names": ["cat", "dog"]}}]
    for index, split in enumerate(("train", "valid", "test")):
        rows = [{"audio": audio(index), "events": own}]
        write_hub_file(tmp_path / f"{split}.parquet", rows, {"events": feature})
    result = make("parquet", "x", "--source", tmp_path, "--time-unit", "s")
    assert result.exit_code == 0, result.output
    task = read_task(made / "x-v1-full")
    assert read_events(task, "test") == {"2.wav": [("cat", 0.0, 100.0), ("dog", 50.0, 150.0)]}


def test_names_that_lead_elsewhere_or_come_twice(tmp_path: Path, made: Path, make: Make) -> None:
    names = ["../../evil.wav", "/etc/evil.wav", "a\\evil.wav", "..", "x" * 300, "é\n.wav"]
    for place, split in enumerate(("train", "valid", "test")):
        rows = [{"audio": audio(10 * place + i, n), "label": i % 2} for i, n in enumerate(names)]
        write_hub_file(tmp_path / "in" / f"{split}.parquet", rows, CLASSES)
    result = make("parquet", "x", "--source", tmp_path / "in")
    assert result.exit_code == 0, result.output
    assert sum(map(len, labels_of(made / "x-v1-full").values())) == 18
    assert not [path for path in tmp_path.rglob("*evil*") if made not in path.parents]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"audio": {"bytes": None, "path": None}, "label": 0}, "row 1 has no audio"),
        ({"audio": {"bytes": b"no audio", "path": "a.wav"}, "label": 0}, "cannot be read as audio"),
        ({"audio": "gone.wav", "label": 0}, "gone.wav is missing"),
    ],
)
def test_bad_rows_are_one_sentence(tmp_path: Path, make: Make, row: dict, message: str) -> None:
    write_hub_file(tmp_path / "train.parquet", [row], CLASSES)
    for split in ("valid", "test"):
        (tmp_path / f"{split}.wav").write_bytes(wav(1))
        name = f"{split}.wav"
        own = name if isinstance(row["audio"], str) else audio(1, name)
        write_hub_file(tmp_path / f"{split}.parquet", [{"audio": own, "label": 1}], CLASSES)
    result = make("parquet", "x", "--source", tmp_path, "--bad-files", 0)
    assert result.exit_code == 2
    assert message in result.output.replace("\n", " ")


def test_a_damaged_file_is_one_sentence(tmp_path: Path, make: Make) -> None:
    write_hub_file(tmp_path / "train.parquet", [{"audio": audio(1), "label": 1}], CLASSES)
    content = (tmp_path / "train.parquet").read_bytes()
    (tmp_path / "train.parquet").write_bytes(content[:-40])
    result = make("parquet", "x", "--source", tmp_path)
    assert result.exit_code == 2
    assert "train.parquet cannot be read as parquet" in result.output


def test_webdataset_shards(tmp_path: Path, made: Path, make: Make) -> None:
    for place, split in enumerate(("train", "val", "test")):
        with tarfile.open(tmp_path / f"{split}-000000.tar", "w") as file:
            for index in range(4):
                key = f"clips/{split}{index}"
                label = {"label": ["cat", "dog"][index % 2], "group": f"{split}{index // 2}"}
                about = (
                    ("json", json.dumps(label).encode())
                    if index < 2
                    else (
                        "cls",
                        [b"cat", b"dog"][index % 2],
                    )
                )
                for suffix, content in (("flac", wav(10 * place + index, "FLAC")), about):
                    info = tarfile.TarInfo(f"{key}.{suffix}")
                    info.size = len(content)
                    file.addfile(info, io.BytesIO(content))
    result = make("webdataset", "x", "--source", tmp_path)
    assert result.exit_code == 0, result.output
    assert labels_of(made / "x-v1-full")["valid"] == {
        f"val{index}.wav": [("cat", "dog")[index % 2]] for index in range(4)
    }
    (tmp_path / "test-000000.tar").write_bytes((tmp_path / "val-000000.tar").read_bytes()[:3000])
    broken = make("webdataset", "y", "--source", tmp_path)
    assert broken.exit_code == 2 and "is damaged or not whole" in broken.output


def test_the_hub_without_a_network_is_one_sentence(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def offline(*_: object, **__: object) -> str:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    result = make("hub", "owner/pets@abc")
    assert result.exit_code == 2
    assert "owner/pets cannot be fetched from the hub (no route to host)" in result.output
    assert "must be OWNER/NAME or OWNER/NAME@REVISION" in make("hub", "pets").output


def test_the_hub_gives_the_folder(
    make: Make, made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked = []
    for place, split in enumerate(("train", "valid", "test")):
        rows = [{"audio": audio(10 * place + i), "label": i % 2} for i in range(2)]
        write_hub_file(tmp_path / "c0ffee" / split / "0000.parquet", rows, CLASSES)

    def download(name: str, **options: object) -> str:
        asked.append((name, options["revision"]))
        return str(tmp_path / ("empty" if options["revision"] is None else "c0ffee"))

    monkeypatch.setattr(hub, "snapshot_download", download)
    result = make("hub", "owner/pets")
    assert result.exit_code == 0, result.output
    assert asked == [("owner/pets", None), ("owner/pets", "refs/convert/parquet")]
    assert list(labels_of(made / "pets-v1-full")["test"]) == ["20.wav", "21.wav"]
    assert "commit c0ffee" in result.output


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("data/train-00000-of-00003.parquet", "train"),
        ("data/test-00000-of-00001-9c2f5b1e.parquet", "test"),
        ("default/validation/0000.parquet", "validation"),
        ("dev.parquet", "dev"),
        ("fold1-000000.tar", "fold1"),
        ("data.parquet", ""),
        ("0000.parquet", ""),
    ],
)
def test_splits_in_the_names_of_shards(path: str, split: str) -> None:
    assert split_of_shard(Path(path)) == split


@pytest.mark.parametrize(
    "name", ["\x1b[31mred\nline.wav", "a\u2028b\x00c.wav", "../\x1b]0;x\x07.wav"]
)
def test_names_with_control_characters_make_plain_files(name: str, tmp_path: Path) -> None:
    folder = ShardFolder(tmp_path)
    folder.add(ShardClip(name, wav(1), ["cat"]))
    folder.add(ShardClip(name, wav(2), ["dog"]))
    folder.write_table(folder.used)
    files = sorted(path.name for path in tmp_path.glob("*.wav"))
    assert len(files) == 2  # one name twice is two clips
    for file in files:
        assert_printed_well(file)
        assert (tmp_path / file).resolve().parent == tmp_path.resolve()
    table = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()
    assert len(table) == 3
    assert [sorted(line.split(",")[0] for line in table[1:])] == [files]
