import ast
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import pretrain.data.synthesis
from pretrain.data.corpus import Corpus, read_corpus
from pretrain.data.synthesis import synthetic_clips, synthetic_names, with_synthetic_clips


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    generator = np.random.default_rng(0)
    for name in ("music/a.wav", "speech/b.wav"):
        (tmp_path / name).parent.mkdir()
        soundfile.write(tmp_path / name, generator.uniform(-0.5, 0.5, 8000), 16000)
    return read_corpus(tmp_path)


def test_synthetic_clips_come_after_the_corpus_own(corpus: Corpus) -> None:
    joined = with_synthetic_clips(corpus, 5, seed=9)
    assert joined.names == ("music/a.wav", "speech/b.wav", *synthetic_names(5, 9))
    assert joined.sources == ("music", "speech", *["synthetic"] * 5)
    assert len(joined) == 7 and len(joined.offsets) == 8 and joined.offsets.dtype == torch.int64
    assert joined.samples.dtype == torch.int16 and joined.samples.numel() == joined.offsets[-1]
    for index, clip in enumerate([corpus.clip(0), corpus.clip(1)]):
        assert torch.equal(joined.clip(index), clip)
    for index, made in enumerate(synthetic_clips(5, 9)):
        assert np.array_equal(joined.clip(2 + index).numpy(), made)


def test_the_fingerprint_tells_count_and_seed(corpus: Corpus) -> None:
    prints = [
        with_synthetic_clips(corpus, count, seed).fingerprint()
        for count, seed in ((0, 0), (3, 0), (4, 0), (3, 1))
    ]
    assert len(set(prints)) == 4
    assert prints[0] == corpus.fingerprint()
    assert prints[1] == with_synthetic_clips(corpus, 3, 0).fingerprint()


def test_joining_twice_is_refused(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="has clips under synthetic/ already"):
        with_synthetic_clips(with_synthetic_clips(corpus, 1, 0), 1, 1)


def test_the_generator_knows_nothing_of_the_benchmark() -> None:
    for path in Path(pretrain.data.synthesis.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "benchmark" for name in names), path
