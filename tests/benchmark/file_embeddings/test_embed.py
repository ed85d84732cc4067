"""``embed_files``: rows, shards, resuming, bad files, bad modules."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import benchmark
from benchmark.cli import main
from benchmark.file_embeddings import embed, folder
from benchmark.file_embeddings.find import find_recordings, read_list
from benchmark.models.hear_module import load_hear_module
from benchmark.models.outputs import HearModuleError
from tests.benchmark.fake_modules import write_module
from tests.benchmark.file_embeddings.audio import RATE, noise, write

WEIGHTS = np.array([1.0, 2.0, 3.0, 4.0])  # of the fake modules: embeddings are energies times these


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Nine files of six lengths, three rates, in two folders."""
    for number in range(9):
        rate = (16_000, 44_100, 8_000)[number % 3]
        seconds = 0.5 + 0.25 * (number % 6)
        write(tmp_path / "audio" / f"{number // 5}" / f"{number}.wav", noise(seconds, rate), rate)
    return tmp_path / "audio"


def shards(out: Path, kind: str) -> list[dict[str, np.ndarray]]:
    read = []
    for path in sorted((out / kind).glob("*.npz")):
        with np.load(path, allow_pickle=False) as arrays:
            read.append(dict(arrays))
    return read


def column(out: Path, kind: str, name: str) -> np.ndarray:
    return np.concatenate([shard[name] for shard in shards(out, kind)])


def files_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def test_rows_are_the_files(tmp_path: Path, modules: Path, recordings: Path) -> None:
    steps: list[tuple[int, int]] = []
    out = tmp_path / "out"
    done = benchmark.embed_files(
        write_module(modules),
        [recordings],
        out,
        kinds=["timestamps", "scene"],
        layout="npz",
        progress=lambda *step: steps.append(step),
    )
    assert (done.embedded, done.kept, done.failed, done.upsampled) == (9, 0, {}, 3)
    assert steps[0] == (0, 9) and steps[-1] == (9, 9)
    paths = [str(recordings / f"{n // 5}" / f"{n}.wav") for n in range(9)]
    assert column(out, "scene", "path").tolist() == paths
    assert done.audio_seconds == pytest.approx(column(out, "scene", "seconds").sum())
    for path, embedding in zip(paths, column(out, "scene", "embeddings"), strict=True):
        audio, rate = soundfile.read(path)
        if rate == RATE:  # resampled, white noise loses what is above the lower rate's band
            np.testing.assert_allclose(embedding, np.mean(audio**2) * WEIGHTS, rtol=1e-5)
    frames = column(out, "timestamps", "frames")
    times = np.split(column(out, "timestamps", "timestamps_ms"), np.cumsum(frames)[:-1])
    for clip, seconds in zip(times, column(out, "scene", "seconds"), strict=True):
        np.testing.assert_array_equal(clip, 50.0 * np.arange(len(clip)))
        assert 1000 * seconds - 50 < clip[-1] <= 1000 * seconds
    about = json.loads((out / "embeddings.json").read_text())
    assert about["sample_rate"] == RATE and about["kinds"] == ["scene", "timestamps"]


def test_the_bundled_encoder_as_it_embeds_itself(tmp_path: Path, recordings: Path) -> None:
    import torch

    import msssl_hear

    path = recordings / "0" / "0.wav"
    hear = load_hear_module("msssl_hear=multi:paper")
    benchmark.embed_files(hear, [path], tmp_path / "out", kinds=["scene"], layout="npz")
    audio, _ = soundfile.read(path, dtype="float32")
    with torch.inference_mode():
        expected = msssl_hear.get_scene_embeddings(torch.from_numpy(audio)[None], hear.model)
    np.testing.assert_allclose(
        column(tmp_path / "out", "scene", "embeddings"), expected.numpy(), atol=1e-5
    )


def test_parquet_has_the_same_rows(tmp_path: Path, modules: Path, recordings: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is absent: pip install 'msssl-hear[parquet]'")
    import pandas
    from pyarrow import parquet

    name = write_module(modules)
    for layout in ("parquet", "npz"):
        benchmark.embed_files(
            name, [recordings], tmp_path / layout, kinds=["scene", "timestamps"], layout=layout
        )
    scenes = pandas.read_parquet(tmp_path / "parquet" / "scene")
    npz = tmp_path / "npz"
    assert scenes["path"].tolist() == column(npz, "scene", "path").tolist()
    assert scenes["seconds"].tolist() == column(npz, "scene", "seconds").tolist()
    np.testing.assert_array_equal(np.stack(scenes["embedding"]), column(npz, "scene", "embeddings"))
    frames = pandas.read_parquet(tmp_path / "parquet" / "timestamps")
    assert frames.columns.tolist() == ["path", "timestamp_ms", "embedding"]
    repeated = np.repeat(column(npz, "timestamps", "path"), column(npz, "timestamps", "frames"))
    assert frames["path"].tolist() == repeated.tolist()
    assert frames["timestamp_ms"].tolist() == column(npz, "timestamps", "timestamps_ms").tolist()
    np.testing.assert_array_equal(
        np.stack(frames["embedding"]), column(npz, "timestamps", "embeddings")
    )
    schema = parquet.read_schema(tmp_path / "parquet" / "scene" / "00000.parquet")
    assert str(schema.field("embedding").type).startswith("fixed_size_list<")
    assert json.loads(schema.metadata[b"msbench"])["module"] == name


def test_without_pyarrow(tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r"pip install 'msssl-hear\[parquet\]', or take npz"):
        benchmark.embed_files(write_module(modules), [tmp_path / "a.wav"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_long_files_in_pieces(tmp_path: Path, modules: Path) -> None:
    audio = noise(7.5)
    path = write(tmp_path / "long.flac", audio)
    out = tmp_path / "out"
    kinds = ["scene", "timestamps"]
    done = benchmark.embed_files(
        write_module(modules), [path], out, kinds=kinds, layout="npz", piece_seconds=2
    )
    assert done.embedded == 1 and done.audio_seconds == 7.5
    assert column(out, "scene", "start_seconds").tolist() == [0.0, 2.0, 4.0, 6.0]
    assert column(out, "scene", "seconds").tolist() == [2.0, 2.0, 2.0, 1.5]
    energies = [np.mean(piece**2) for piece in np.split(audio, [2 * RATE, 4 * RATE, 6 * RATE])]
    np.testing.assert_allclose(
        column(out, "scene", "embeddings"), np.outer(energies, WEIGHTS), rtol=1e-3
    )
    times = column(out, "timestamps", "timestamps_ms")
    np.testing.assert_array_equal(times, 50.0 * np.arange(len(times)))  # none twice, none missing
    assert times[-1] == 7500.0


def bad_files(audio: Path) -> dict[Path, str]:
    """Files that cannot be embedded among others, and a stretch of the reason."""
    whole = write(audio / "0" / "to_cut.wav", noise(1.0)).read_bytes()
    (audio / "0" / "to_cut.wav").write_bytes(whole[:-1000])
    (audio / "1" / "text.mp3").write_text("no audio")
    (audio / "1" / "empty.wav").write_bytes(b"")
    loud = write(audio / "1" / "loud.wav", noise(0.1) * 1e5, subtype="FLOAT")
    return {
        audio / "0" / "to_cut.wav": "was cut",
        audio / "1" / "empty.wav": "is an empty file",
        loud: "HEAR's audio lies in [-1, 1]",
        audio / "1" / "text.mp3": "cannot be read as audio",
        audio / "missing.wav": "is missing",
    }


def test_bad_files_are_named_and_skipped_and_tried_again(
    tmp_path: Path, modules: Path, recordings: Path
) -> None:
    bad = bad_files(recordings)
    out = tmp_path / "out"

    def run() -> benchmark.file_embeddings.embed.EmbeddedFiles:
        paths = [recordings, recordings / "missing.wav"]
        return benchmark.embed_files(name, paths, out, layout="npz")

    name = write_module(modules)
    done = run()
    assert done.embedded == 9
    assert set(done.failed) == set(map(str, bad))
    for path, reason in bad.items():
        assert reason in done.failed[str(path)]
        assert str(path) in done.failed[str(path)]
    with (out / "failed.csv").open(newline="") as file:
        assert {row["path"]: row["reason"] for row in csv.DictReader(file)} == done.failed
    for path in bad:
        write(path, noise(0.2), format="WAV")
    mended = run()
    assert (mended.embedded, mended.kept, mended.failed) == (5, 9, {})
    assert not (out / "failed.csv").exists()
    assert sorted(column(out, "scene", "path")) == sorted(
        [*map(str, bad), *(str(recordings / f"{n // 5}" / f"{n}.wav") for n in range(9))]
    )


def test_a_clip_that_the_module_fails_on_does_not_take_its_batch_along(
    tmp_path: Path, modules: Path
) -> None:
    for number in range(5):
        write(tmp_path / "audio" / f"{number}.wav", noise(1.0) * (number != 2))
    name = write_module(modules, scene="embeddings[audio.std(1) == 0] = torch.nan")
    done = benchmark.embed_files(name, [tmp_path / "audio"], tmp_path / "out", layout="npz")
    assert done.embedded == 4
    assert [Path(path).name for path in done.failed] == ["2.wav"]
    assert "returned NaN or infinite embeddings" in done.failed[str(tmp_path / "audio" / "2.wav")]


@pytest.mark.own_process
def test_a_module_whose_embeddings_depend_on_what_came_before_is_named(modules: Path) -> None:
    for number in range(3):
        write(modules / "audio" / f"{number}.wav", noise(0.3))
    state = "global calls\ncalls = globals().get('calls', 0) + 1\nembeddings = embeddings + calls"
    ran = f"import os\nos.chdir('/')\n{state}"
    name = write_module(modules, scene=ran)
    done = CliRunner().invoke(main, ["embed", name, "audio", "--out", "out", "--format", "npz"])
    assert done.exit_code == 1, done.output
    assert "out: files embedded: 3 " in done.output  # it went elsewhere in its own process
    assert f"{name}.get_scene_embeddings gave the same clip other embeddings later" in done.output


def test_a_module_that_always_fails_ends_the_run(
    tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "GIVE_UP_AFTER", 3)
    for number in range(6):
        write(tmp_path / "audio" / f"{number}.wav", noise(0.1))
    name = write_module(modules, scene="raise KeyError('mel')")
    with pytest.raises(HearModuleError, match=r"failed on each of the first 3 files.*KeyError"):
        benchmark.embed_files(name, [tmp_path / "audio"], tmp_path / "out", layout="npz")


@pytest.mark.parametrize("stop_at", [1, 2, 3, 5, 8])
def test_stopped_at_any_write_it_ends_with_the_same_shards(
    tmp_path: Path,
    modules: Path,
    recordings: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop_at: int,
) -> None:
    """Killed before or after any file of a shard is written, also in the middle of a long file."""
    write(recordings / "long.wav", noise(6.5))
    bad_files(recordings)
    monkeypatch.setattr(folder, "SHARD_PIECES", 4)
    name = write_module(modules)
    how = {"kinds": ["scene", "timestamps"], "layout": "npz", "piece_seconds": 1}
    whole = benchmark.embed_files(name, [recordings], tmp_path / "whole", **how)
    assert len(shards(tmp_path / "whole", "scene")) == 4
    writes = 0

    def killed(path: Path, data: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes == stop_at:
            raise KeyboardInterrupt
        write_bytes(path, data)
        if writes == stop_at + 1:
            raise KeyboardInterrupt

    write_bytes = folder.write_bytes
    monkeypatch.setattr(folder, "write_bytes", killed)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            benchmark.embed_files(name, [recordings], tmp_path / "out", **how)
    monkeypatch.setattr(folder, "write_bytes", write_bytes)
    done = benchmark.embed_files(name, [recordings], tmp_path / "out", **how)
    assert done.failed == whole.failed
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")


def test_later_it_embeds_what_is_new_and_names_what_was_changed(
    tmp_path: Path, modules: Path, recordings: Path
) -> None:
    out, name = (
        tmp_path / "out",
        write_module(modules, scene="model.calls = 1 + getattr(model, 'calls', 0)"),
    )
    hear = load_hear_module(name)
    benchmark.embed_files(hear, [recordings], out, layout="npz")
    calls = hear.model.calls
    again = benchmark.embed_files(hear, [recordings], out, layout="npz")
    assert (again.embedded, again.kept) == (0, 9) and hear.model.calls == calls
    new = write(recordings / "new.wav", noise(0.3))
    write(recordings / "0" / "1.wav", noise(0.9))
    third = benchmark.embed_files(hear, [recordings], out, layout="npz")
    assert (third.embedded, third.kept) == (1, 8)
    assert list(third.failed) == [str(recordings / "0" / "1.wav")]
    assert "was changed after it had been embedded" in third.failed[str(recordings / "0" / "1.wav")]
    assert column(out, "scene", "path")[-1] == str(new)


def test_shards_end_by_bytes_too(
    tmp_path: Path, modules: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "SHARD_BYTES", 50)  # three scene embeddings of four numbers
    done = benchmark.embed_files(
        write_module(modules), [recordings], tmp_path / "out", layout="npz"
    )
    assert done.embedded == 9
    assert [len(s["path"]) for s in shards(tmp_path / "out", "scene")] == [4, 4, 1]


def test_a_folder_of_other_things_is_left_alone(
    tmp_path: Path, modules: Path, recordings: Path
) -> None:
    name, out = write_module(modules), tmp_path / "out"
    with pytest.raises(ValueError, match=r"audio holds other things \(0\): name a new folder"):
        benchmark.embed_files(name, [recordings], recordings, layout="npz")
    benchmark.embed_files(name, [recordings], out, layout="npz")
    before = files_of(out)
    with pytest.raises(
        ValueError, match=r"other embeddings \(kinds: \['scene'\] there, \['timestamps'\] now"
    ):
        benchmark.embed_files(name, [recordings], out, kinds=["timestamps"], layout="npz")
    other = write_module(modules, extra_init="self.weight.data[0] = 5.0")
    with pytest.raises(ValueError, match=r"other embeddings \(module"):
        benchmark.embed_files(other, [recordings], out, layout="npz")
    hear = load_hear_module(name)
    with (
        folder.EmbeddingFolder.open(tmp_path / "busy", "npz", {}),
        pytest.raises(ValueError, match="Another process is writing"),
    ):
        benchmark.embed_files(hear, [recordings], tmp_path / "busy", layout="npz")
    assert files_of(out) == before
    (out / "index" / "00000.json").write_text("[1]")
    with pytest.raises(ValueError, match=r"00000\.json is damaged: delete it"):
        benchmark.embed_files(name, [recordings], out, layout="npz")
    (out / "index" / "00000.json").unlink()
    assert benchmark.embed_files(name, [recordings], out, layout="npz").embedded == 9
    assert files_of(out) == before


def test_what_is_found(tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (recordings / "notes.txt").write_text("")
    (recordings / ".hidden.wav").write_text("")
    found = find_recordings(["audio/1", "audio/0/3.wav", "audio/0", "audio/1"])
    assert found[:5] == [*(f"audio/1/{n}.wav" for n in range(5, 9)), "audio/0/3.wav"]
    assert len(found) == len(set(found)) == 9
    with pytest.raises(ValueError, match="nothing to embed"):
        find_recordings([])
    (tmp_path / "bare").mkdir()
    with pytest.raises(ValueError, match="bare has no audio files"):
        find_recordings(["bare"])
    (tmp_path / "list.txt").write_text("audio/0/1.wav\r\n\n audio/x.wav\n")
    assert read_list(tmp_path / "list.txt") == ["audio/0/1.wav", " audio/x.wav"]
    (tmp_path / "list.txt").write_bytes("a.wav\n".encode("utf-16"))
    with pytest.raises(ValueError, match="is no UTF-8 text"):
        read_list(tmp_path / "list.txt")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ValueError, match="Standard input is closed"):
        read_list(Path("-"))


def test_a_list_may_have_any_name_in_it(tmp_path: Path, modules: Path) -> None:
    """One that is no UTF-8, too long for the disk, or has other ends of lines in it."""
    separator = write(tmp_path / "x\u2028\x0cy.wav", noise(0.3))
    latin = tmp_path / os.fsdecode(b"caf\xe9.wav")
    latin.write_bytes(separator.read_bytes())
    names = [separator, latin, tmp_path / ("x" * 300 + ".wav"), write(tmp_path / "a.wav", noise(1))]
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(map(os.fsencode, names)))
    listed = read_list(tmp_path / "list.txt")
    assert listed == [str(name) for name in names]
    done = benchmark.embed_files(write_module(modules), listed, tmp_path / "out", layout="npz")
    assert done.embedded == 2
    assert list(done.failed) == [str(latin), str(names[2])]
    assert "is no UTF-8: rename it" in done.failed[str(latin)]
    assert "File name too long" in done.failed[str(names[2])]
