import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch

from msssl_common.messages import one_printable_line
from pretrain.data.corpus import read_corpus
from pretrain.data.open import open_data
from pretrain.data.pack.clip import PackArgs
from pretrain.data.pack.pack import pack
from pretrain.data.pack.shard_file import Journal, ManifestRow, write_journal, write_tables
from pretrain.data.pack.wanted import clips_of_folder
from pretrain.data.shards.corpus import ShardCorpus, hold
from pretrain.data.shards.manifest import read_manifest
from tests.hostile import HOSTILE, assert_csv_is_safe, assert_printed_well


def test_held_shards_are_the_folder_that_was_packed(audio: Path, shards: Path) -> None:
    held, folder = hold(read_manifest(shards)), read_corpus(audio)
    assert held.names == folder.names and held.sources == folder.sources
    assert torch.equal(held.samples, folder.samples) and torch.equal(held.offsets, folder.offsets)


def test_streamed_clips_are_the_folder_s_too(audio: Path, shards: Path) -> None:
    stream, folder = ShardCorpus(read_manifest(shards)), read_corpus(audio)
    assert stream.fingerprint() == folder.fingerprint() and stream.hours == folder.hours
    for index, name in enumerate(stream.names):
        place = folder.names.index(name)
        assert torch.equal(stream.clip(index), folder.clip(place))
        assert stream.lengths[index] == folder.lengths[place]
        assert stream.sources[index] == folder.sources[place]


def test_opus_shards_are_read_at_the_lengths_of_the_manifest(audio: Path, tmp_path: Path) -> None:
    wanted = clips_of_folder(audio)[:3]
    pack(wanted, audio, tmp_path, PackArgs("opus"), 1)
    assert len(hold(read_manifest(tmp_path))) == 3


def test_synthetic_clips_come_after_the_others(audio: Path, shards: Path) -> None:
    stream = open_data(shards, 16000, synthetic=6, seed=3, reader="stream")
    folder = open_data(audio, 16000, synthetic=6, seed=3)
    assert isinstance(stream, ShardCorpus) and len(stream) == len(folder)
    assert stream.fingerprint() == folder.fingerprint()
    assert torch.equal(stream.clip(len(stream) - 1), folder.clip(len(folder) - 1))
    assert (stream.shard_of[:-6] == read_manifest(shards).shard_of).all()
    assert sorted(stream.shard_of[-6:] - stream.shard_of[-7]) == [1, 1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("gone", r"shard-000001\.tar: no such shard"),
        ("short", r"shard-000001\.tar: ends before clip "),
        ("zeros", r"shard-000001\.tar: clip .* cannot be decoded"),
        ("unfinished", "packing is not over; run the same mspretrain pack again"),
        ("column", "Usecols do not match columns"),
        ("length", "samples, not .* as in the manifest"),
    ],
)
def test_damage_is_said_in_a_sentence_that_names_the_shard(
    shards: Path, tmp_path: Path, damage: str, sentence: str
) -> None:
    folder = shutil.copytree(shards, tmp_path / "copy")
    shard, manifest = folder / "shard-000001.tar", folder / "manifest.csv"
    if damage == "gone":
        shard.unlink()
    elif damage == "short":
        shard.write_bytes(shard.read_bytes()[:9000])
    elif damage == "zeros":
        shard.write_bytes(bytes(shard.stat().st_size))
    elif damage == "unfinished":
        manifest.unlink()
    elif damage == "column":
        manifest.write_bytes(manifest.read_bytes().replace(b"offset", b"place", 1))
    else:
        table = pd.read_csv(manifest, encoding_errors="surrogateescape")
        table["samples"] += 1
        table.to_csv(manifest, index=False, errors="surrogateescape")
    with pytest.raises((ValueError, OSError), match=sentence):
        hold(read_manifest(folder))


def test_shards_of_another_rate_are_refused(shards: Path, audio: Path) -> None:
    with pytest.raises(ValueError, match=r"16000 Hz, .* is 32000; give"):
        open_data(shards, 32000)
    with pytest.raises(ValueError, match="only shards can be streamed"):
        open_data(audio, 16000, reader="stream")


def test_hostile_names_are_plain_in_the_manifest_and_read_back(tmp_path: Path) -> None:
    names = [*HOSTILE.values(), "-0RWZT-miFs", "007"]
    (tmp_path / "shard-000000.tar").touch()
    rows = [
        ManifestRow(name, name, "", 1.0, 16000, -20.0, "0" * 64, "shard-000000.tar", n, 1)
        for n, name in enumerate(names)
    ]
    write_journal(tmp_path, 0, Journal(len(rows), rows, []))
    write_tables(tmp_path)
    text = (tmp_path / "manifest.csv").read_text("utf-8")
    assert_printed_well(text)
    assert_csv_is_safe(text)
    manifest = read_manifest(tmp_path)
    assert manifest.names == manifest.sources == tuple(map(one_printable_line, names))
    assert manifest.offsets.tolist() == list(range(len(names)))
