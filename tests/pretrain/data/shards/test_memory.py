from pathlib import Path

import pytest
import torch

from pretrain.data.corpus import Corpus
from pretrain.data.open import open_data
from pretrain.data.shards.corpus import ShardCorpus, choose_reader, free_memory


@pytest.mark.parametrize(
    ("samples", "free", "processes", "reader"),
    [
        (0, 0, 1, "memory"),
        (250, 1000, 1, "memory"),  # 500 bytes of 1000
        (251, 1000, 1, "stream"),
        (125, 1000, 2, "memory"),  # each process holds all clips
        (126, 1000, 2, "stream"),
        (1_800_000 * 160_000, 512 * 10**9, 8, "stream"),  # AudioSet: 576 GB
    ],
)
def test_the_choice_is_a_function_of_sizes(
    samples: int, free: int, processes: int, reader: str
) -> None:
    assert choose_reader(samples, free, processes) == reader


def test_the_machine_has_memory() -> None:
    assert 10**7 < free_memory(torch.device("cpu")) < 10**14


def test_the_choice_is_made_and_printed(
    shards: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(open_data(shards, 16000), Corpus)
    assert "held in memory" in capsys.readouterr().err
    monkeypatch.setattr("pretrain.data.open.free_memory", lambda device: 10**6)
    assert isinstance(open_data(shards, 16000), ShardCorpus)
    assert "0.00 GB free, 1 process: streamed from shards" in capsys.readouterr().err
    assert isinstance(open_data(shards, 16000, reader="memory"), Corpus)
    assert "held in memory (as told)" in capsys.readouterr().err


def test_the_memory_is_that_of_the_gpu_that_was_named(
    shards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[torch.device] = []

    def full(device: torch.device) -> tuple[int, int]:
        asked.append(device)
        return 0, 0

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", full)
    assert isinstance(open_data(shards, 16000, device="cuda:1"), ShardCorpus)
    assert asked == [torch.device("cuda:1")]
