"""Small models of each family with random weights, saved as transformers saves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

transformers = pytest.importorskip(
    "transformers", reason="transformers is not installed: pip install 'msssl-hear[transformers]'"
)

WAVEFORM = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "vocab_size": 8,
}
# As the large checkpoints have it: normalisation per frame, and before each part of a layer.
STABLE = {**WAVEFORM, "feat_extract_norm": "layer", "do_stable_layer_norm": True}


def _waveform(kind: str, scaled: bool = True, **config: Any) -> tuple[Any, Any]:
    model = getattr(transformers, f"{kind}Model")
    settings = getattr(transformers, f"{kind}Config")(**config)
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=scaled)
    return model(settings), extractor


def _data2vec() -> tuple[Any, Any]:
    config = {**WAVEFORM, "num_conv_pos_embeddings": 2, "conv_pos_kernel_size": 7}
    return _waveform("Data2VecAudio", **config)


def _whisper() -> tuple[Any, Any]:
    sizes = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 1, "vocab_size": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    tokens = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 3}
    config = transformers.WhisperConfig(
        **sizes, **heads, **tokens, encoder_ffn_dim=48, decoder_ffn_dim=48
    )
    return transformers.WhisperModel(config), transformers.WhisperFeatureExtractor()


def _ast() -> tuple[Any, Any]:
    config = transformers.ASTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48
    )
    return transformers.ASTModel(config), transformers.ASTFeatureExtractor()


def _clap(fused: bool) -> tuple[Any, Any]:
    audio = {
        "patch_embeds_hidden_size": 8,
        "depths": [1, 1, 2, 1],
        "num_attention_heads": [1, 1, 2, 2],
        "hidden_size": 64,
        "projection_dim": 24,
        "enable_fusion": fused,
        "fusion_type": "aff_2d" if fused else None,
        "aff_block_r": 1,
    }
    text = {
        **{"vocab_size": 16, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        **{"intermediate_size": 16, "projection_dim": 24},
    }
    config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=24)
    truncation = "fusion" if fused else "rand_trunc"
    return transformers.ClapModel(config), transformers.ClapFeatureExtractor(truncation=truncation)


FAMILIES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "wav2vec2": lambda: _waveform("Wav2Vec2", **WAVEFORM),
    "wav2vec2-large": lambda: _waveform("Wav2Vec2", **STABLE),
    "hubert": lambda: _waveform("Hubert", scaled=False, **WAVEFORM),
    "wavlm": lambda: _waveform("WavLM", scaled=False, **WAVEFORM),
    "wavlm-large": lambda: _waveform("WavLM", **STABLE),
    "data2vec-audio": _data2vec,
    "unispeech": lambda: _waveform("UniSpeech", **WAVEFORM),
    "unispeech-sat": lambda: _waveform("UniSpeechSat", **WAVEFORM),
    "whisper": _whisper,
    "ast": _ast,
    "clap": lambda: _clap(fused=False),
    "clap-fused": lambda: _clap(fused=True),
}


def saved(family: str, folder: Path) -> Path:
    """A small model of a family and its feature extractor, in a folder of its own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, extractor = FAMILIES[family]()
        _spread(model)
    model.save_pretrained(folder / family)
    extractor.save_pretrained(folder / family)
    return folder / family


def _spread(model: torch.nn.Module) -> None:
    """Make weights large enough that layers, and what they hear, differ.

    Filters on the waveform do not hear its mean, as those that were trained do not. Otherwise an
    extractor that takes away a clip's mean would make every frame depend on the whole clip.
    """
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "conv_layers.0.conv" in name and parameter.ndim > 1:
                parameter -= parameter.mean(dim=-1, keepdim=True)
            elif "conv_layers" not in name and parameter.ndim > 1:
                parameter *= 3
