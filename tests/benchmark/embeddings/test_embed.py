import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark.embeddings import embed as embed_split
from benchmark.embeddings.cache import CacheEntry, read_record
from benchmark.embeddings.embed import embed_task
from benchmark.embeddings.npy_writer import NpyWriter
from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.models.fingerprint import module_hash, weights_hash
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.outputs import HearModuleError
from benchmark.tasks.labels import read_scene_labels, row_order
from benchmark.tasks.task import read_task
from benchmark.tasks.task_hash import task_hash
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import RATE, write_event_task, write_scene_task

COUNT_CALLS = "model.calls = getattr(model, 'calls', 0) + 1"


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CacheEntry:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return CacheEntry.of("module", "task", {})


def _energy(path: Path) -> float:
    audio, _ = soundfile.read(path, dtype="float32")
    return float(np.mean(audio**2))


def test_scene_rows_are_clips_in_hears_order(
    tmp_path: Path, modules: Path, entry: CacheEntry
) -> None:
    task = read_task(write_scene_task(tmp_path, clips=7))
    embedded = embed_task(load_hear_module(write_module(modules)), task, entry)
    labels = {split: read_scene_labels(task, split) for split in task.splits}
    assert embedded.clips == 21
    assert not embedded.cached
    assert embedded.audio_seconds == pytest.approx(2.1)
    for split, files in row_order(task, labels).items():
        scene = embedded.splits[split]
        assert isinstance(scene, SceneSplit)
        assert scene.clips == tuple(files)
        energies = [_energy(task.folder / str(RATE) / split / file) for file in files]
        np.testing.assert_allclose(
            scene.embeddings, np.outer(energies, [1, 2, 3, 4]).astype(np.float32), rtol=1e-5
        )
        names = [[task.vocabulary[i] for i in np.flatnonzero(row)] for row in scene.targets]
        assert names == [labels[split][file] for file in files]


def test_event_rows_are_frames(tmp_path: Path, modules: Path, entry: CacheEntry) -> None:
    task = read_task(write_event_task(tmp_path, clips=3))
    embedded = embed_task(load_hear_module(write_module(modules)), task, entry)
    split = embedded.splits["valid"]
    assert isinstance(split, EventSplit)
    seconds = [2 if int(clip[5]) % 2 == 0 else 3 for clip in split.clips]
    assert split.frames_per_clip.tolist() == [20 * s + 1 for s in seconds]
    np.testing.assert_array_equal(
        split.timestamps_ms, np.concatenate([50.0 * np.arange(20 * s + 1) for s in seconds])
    )
    loud = (split.timestamps_ms >= 500) & (split.timestamps_ms <= 1500)
    np.testing.assert_array_equal(split.targets[:, 0], loud)
    inside = (split.timestamps_ms >= 500) & (split.timestamps_ms < 1500)
    assert split.embeddings[inside, 0].min() > 100 * split.embeddings[~inside, 0].max()


def test_batching_changes_nothing(
    tmp_path: Path, modules: Path, entry: CacheEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = read_task(write_event_task(tmp_path, clips=5))
    hear = load_hear_module(write_module(modules))
    together = embed_task(hear, task, entry).splits["train"]
    monkeypatch.setattr(embed_split, "CHUNK_SECONDS", 0.01)
    alone = embed_task(hear, task, CacheEntry.of("alone", "task", {})).splits["train"]
    np.testing.assert_array_equal(together.embeddings, alone.embeddings)
    assert together.clips == alone.clips


def test_second_time_the_module_is_not_called(
    tmp_path: Path, modules: Path, entry: CacheEntry
) -> None:
    task = read_task(write_scene_task(tmp_path))
    hear = load_hear_module(write_module(modules, scene=COUNT_CALLS))
    first = embed_task(hear, task, entry)
    assert hear.model.calls == 3  # one batch per split
    progress: list[tuple[int, int]] = []
    again = embed_task(hear, task, entry, lambda *step: progress.append(step))
    assert hear.model.calls == 3
    assert again.cached
    assert again.seconds == first.seconds
    assert progress == [(6, 18), (12, 18), (18, 18)]
    np.testing.assert_array_equal(first.splits["test"].embeddings, again.splits["test"].embeddings)


def test_a_killed_run_goes_on_and_damage_is_mended(
    tmp_path: Path, modules: Path, entry: CacheEntry
) -> None:
    task = read_task(write_scene_task(tmp_path))
    name = write_module(
        modules,
        scene=COUNT_CALLS + "\nif model.calls == 2 and not model.path: raise KeyboardInterrupt",
    )
    with pytest.raises(KeyboardInterrupt):
        embed_task(load_hear_module(name), task, entry)
    hear = load_hear_module(f"{name}=again")
    embed_task(hear, task, entry)
    assert hear.model.calls == 2  # the first split was there
    entry.embeddings_path("test").write_bytes(b"")
    embed_task(hear, task, entry)
    assert hear.model.calls == 3


def test_a_bad_clip_is_named(tmp_path: Path, modules: Path, entry: CacheEntry) -> None:
    folder = write_scene_task(tmp_path)
    hear: HearModule = load_hear_module(
        write_module(modules, scene="embeddings[audio.std(1) == 0] = torch.nan")
    )
    path = folder / str(RATE) / "valid" / "valid3.wav"
    soundfile.write(path, np.zeros(RATE // 10), RATE)
    with pytest.raises(HearModuleError, match=r"NaN or infinite embeddings for valid3\.wav"):
        embed_task(hear, read_task(folder), entry)
    path.write_bytes(b"no audio")
    with pytest.raises(ValueError, match=r"valid3\.wav cannot be read as audio"):
        embed_task(hear, read_task(folder), entry)


@pytest.mark.usefixtures("entry")
def test_float16_rounds_and_refuses_what_it_cannot_hold(tmp_path: Path, modules: Path) -> None:
    task = read_task(write_event_task(tmp_path))
    hear = load_hear_module(write_module(modules))
    half_entry = CacheEntry.of("module", "task", {}, "float16")
    single = embed_task(hear, task, CacheEntry.of("module", "task", {})).splits["test"]
    half = embed_task(hear, task, half_entry).splits["test"]
    assert half.embeddings.dtype == np.float16
    np.testing.assert_array_equal(half.embeddings, single.embeddings.astype(np.float16))
    assert np.load(half_entry.embeddings_path("test")).dtype == np.float16
    loud = load_hear_module(write_module(modules, timestamp="embeddings[0, 0, 0] = 70000"))
    entry = CacheEntry.of("loud", "task", {}, "float16")
    with pytest.raises(HearModuleError, match=r"value 7e\+04 for train\d\.wav, and float16 ends"):
        embed_task(loud, task, entry)


def _embedded_anew(spec: str, folder: Path, dtype: str = "float32") -> bool:
    """Whether a run, with the keys it would use, finds nothing in the cache."""
    hear, task = load_hear_module(spec), read_task(folder)
    module = module_hash(hear, weights_hash(hear.model))
    entry = CacheEntry.of(module, task_hash(task, hear.sample_rate), {}, dtype)
    return not embed_task(hear, task, entry).cached


def _edit_label(folder: Path) -> None:
    path = folder / "valid.json"
    path.write_text(path.read_text().replace("loud", "quiet", 1))


def _edit_audio(folder: Path) -> None:
    path = folder / str(RATE) / "valid" / "valid3.wav"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize("edit", [_edit_label, _edit_audio])
@pytest.mark.usefixtures("entry")
def test_an_edited_task_misses_the_cache(
    tmp_path: Path, modules: Path, edit: Callable[[Path], None]
) -> None:
    folder, name = write_scene_task(tmp_path), write_module(modules)
    assert _embedded_anew(name, folder)
    assert not _embedded_anew(name, folder)
    edit(folder)
    assert _embedded_anew(name, folder)


@pytest.mark.usefixtures("entry")
def test_other_weights_code_or_type_miss_the_cache(tmp_path: Path, modules: Path) -> None:
    folder = write_scene_task(tmp_path)
    read = "self.weight.data[0] = float(open(path).read()) if path else 1.0"
    name = write_module(modules, extra_init=read)
    (modules / "a.txt").write_text("2.0")
    (modules / "b.txt").write_text("2.0")
    assert _embedded_anew(name, folder)
    assert _embedded_anew(f"{name}=a.txt", folder)
    assert not _embedded_anew(f"{name}=b.txt", folder)  # the same content in another place
    (modules / "a.txt").write_text("3.0")
    assert _embedded_anew(f"{name}=a.txt", folder)
    assert _embedded_anew(name, folder, "float16")
    assert not _embedded_anew(name, folder)
    source = modules / f"{name}.py"
    source.write_text(source.read_text() + "\n# changed\n")
    assert _embedded_anew(name, folder)


def test_costs_are_kept_with_the_embeddings(
    tmp_path: Path, modules: Path, entry: CacheEntry
) -> None:
    task = read_task(write_scene_task(tmp_path))
    name = write_module(modules, scene="held = torch.ones(10**7); import time; time.sleep(0.05)")
    embedded = embed_task(load_hear_module(name), task, entry)
    again = embed_task(load_hear_module(name), task, entry)
    assert 0.15 < embedded.model_seconds < embedded.seconds
    assert (again.model_seconds, again.seconds) == (embedded.model_seconds, embedded.seconds)
    assert again.peak_memory_bytes == embedded.peak_memory_bytes
    if embedded.peak_memory_bytes is not None:  # on Linux
        assert embedded.peak_memory_bytes > 39e6


@pytest.mark.parametrize("stop_at", range(8))  # two appends for each of a split's four clips
def test_an_interrupt_loses_no_more_than_a_batch(
    tmp_path: Path,
    modules: Path,
    entry: CacheEntry,
    monkeypatch: pytest.MonkeyPatch,
    stop_at: int,
) -> None:
    monkeypatch.setattr(embed_split, "CHUNK_SECONDS", 0.01)  # a clip each
    task = read_task(write_event_task(tmp_path, clips=4))
    hear = load_hear_module(write_module(modules, timestamp=COUNT_CALLS))
    whole_entry = CacheEntry.of("whole", "task", {})
    whole = embed_task(hear, task, whole_entry)
    hear.model.calls = 0
    append, appends = NpyWriter.append, itertools.count()

    def interrupted(file: NpyWriter, rows: np.ndarray) -> None:
        append(file, rows)
        if next(appends) == stop_at:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(NpyWriter, "append", interrupted)
        embed_task(hear, task, entry)
    again = embed_task(hear, task, entry)
    assert hear.model.calls == 12 + 1  # the interrupted clip was embedded twice
    assert again.audio_seconds == whole.audio_seconds
    for split in task.splits:
        for path in (CacheEntry.embeddings_path, CacheEntry.timestamps_path):
            assert path(entry, split).read_bytes() == path(whole_entry, split).read_bytes()
        record, expected = (read_record(e.record_path(split)) for e in (entry, whole_entry))
        assert record.frames_per_clip == expected.frames_per_clip
