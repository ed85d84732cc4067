"""Checkpoints read by transformers: configuration, feature extractor, weights; never by chance."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch

from benchmark.adapters import waveform
from benchmark.adapters.checkpoint_name import CheckpointName
from benchmark.adapters.clap import ClapTower
from benchmark.adapters.hub import EXTRA, CheckpointError, CheckpointFiles, facts_of, weights_of
from benchmark.adapters.spectrogram_transformer import SpectrogramTransformerTower
from benchmark.adapters.tower import Config, Extractor, Tower
from benchmark.adapters.waveform import WaveformTower
from benchmark.adapters.whisper import WhisperTower

FromPretrained = Any
"""A class of transformers with a method ``from_pretrained``."""

Loaded = Any
"""What that method gives: a configuration, a feature extractor, a model of a class of its own."""

SPECTROGRAM_TYPES = ("whisper", "audio-spectrogram-transformer", "clap_audio_model")

EXTRACTORS = ("preprocessor_config.json", "processor_config.json")
"""Where transformers writes a feature extractor, alone or with a tokeniser."""

# What a checkpoint may lack: the token that masks audio in training, and Whisper's decoder.
MAY_BE_MISSING = re.compile(r"(^|\.)masked_spec_embed$|^(model\.)?decoder\.")

REMOTE_CODE = (
    "it comes with Python code of its own, which may do on this machine all that you may; read its "
    ".py files, and if you trust them, add ?trust_remote_code=yes"
)


def library() -> ModuleType:
    """The library transformers (this package has a module of that name too).

    Raises:
        CheckpointError: It is not installed.
    """
    try:
        import transformers
    except ModuleNotFoundError as error:
        raise CheckpointError(f"transformers is not installed: {EXTRA}") from error
    found: ModuleType = transformers
    return found


def config_of(checkpoint: CheckpointName, files: CheckpointFiles) -> Config:
    """A checkpoint's configuration, that of the audio tower where there are several.

    Raises:
        CheckpointError: It cannot be read, asks for code of its own, or is of no known family.
    """
    config = _read(library().AutoConfig, checkpoint, files)
    if config.model_type == "clap":
        config = config.audio_config
    if config.model_type in (*waveform.MODEL_TYPES, *SPECTROGRAM_TYPES):
        return config
    if checkpoint.trust_remote_code and hasattr(config, "conv_kernel"):  # built like wav2vec 2.0
        return config
    known = ", ".join((*waveform.MODEL_TYPES, *SPECTROGRAM_TYPES))
    raise CheckpointError(
        f"'{checkpoint.name}' is a model of type '{config.model_type}', which has no adapter; "
        f"there are adapters for {known}"
    )


def layer_count(config: Config) -> int:
    """Layers of a model; their outputs are numbered from 1, and 0 is what goes into the first."""
    if config.model_type == "clap_audio_model":
        return len(config.depths)
    key = "encoder_layers" if config.model_type == "whisper" else "num_hidden_layers"
    return int(getattr(config, key))


def load_tower(checkpoint: CheckpointName) -> tuple[Tower, CheckpointFiles, int]:
    """Load what embeds audio.

    Args:
        checkpoint: Which, and the layer to read.

    Returns:
        The tower on the CPU, float32; its files; and how many layers the checkpoint has.

    Raises:
        CheckpointError: One sentence: no such checkpoint, layer, family or library; code that was
            not asked for; weights that are missing or no tensors.
    """
    files = facts_of(checkpoint)
    config = config_of(checkpoint, files)
    layers = layer_count(config)
    _check_layer(checkpoint, layers)
    if not any((files.folder / name).is_file() for name in EXTRACTORS):
        raise CheckpointError(
            f"'{checkpoint.name}' has no {EXTRACTORS[0]}, so that nobody knows which sample rate "
            "and which scaling it wants: save its feature extractor there, too"
        )
    extractor = _read(library().AutoFeatureExtractor, checkpoint, files)
    files = weights_of(checkpoint, files)
    return _tower(checkpoint, files, config, extractor), files, layers


def _check_layer(checkpoint: CheckpointName, layers: int) -> None:
    if checkpoint.layer == "all":
        raise CheckpointError(
            "?layer=all stands for a row per layer, which only msbench run makes: name one here, "
            f"?layer=0 to ?layer={layers}"
        )
    if isinstance(checkpoint.layer, int) and checkpoint.layer > layers:
        raise CheckpointError(
            f"'{checkpoint.name}' has layers 0 to {layers} (0: what goes into the first), and no "
            f"layer {checkpoint.layer}"
        )


def _tower(
    checkpoint: CheckpointName, files: CheckpointFiles, config: Config, extractor: Extractor
) -> Tower:
    kind, layer, classes = config.model_type, checkpoint.layer, library()
    if kind == "whisper":
        model = _load(classes.WhisperModel, checkpoint, files, config)
        return WhisperTower(model.encoder, extractor, layer)
    if kind == "audio-spectrogram-transformer":
        model = _load(classes.ASTModel, checkpoint, files, config)
        return SpectrogramTransformerTower(model, extractor, layer)
    if kind == "clap_audio_model":
        model = _load(classes.ClapAudioModelWithProjection, checkpoint, files, config)
        return ClapTower(model, extractor, layer)
    if getattr(config, "add_adapter", False):  # it would thin out the frames
        config.add_adapter = False
    remote = {"trust_remote_code": checkpoint.trust_remote_code}
    model = _load(classes.AutoModel, checkpoint, files, config, **remote)
    return WaveformTower(model, extractor, layer)


def _load(
    cls: FromPretrained,
    checkpoint: CheckpointName,
    files: CheckpointFiles,
    config: Config,
    **more: bool,
) -> Loaded:
    """Load weights in float32, all of them from the checkpoint.

    Pickled weights are read by ``torch.load(weights_only=True)``: tensors, and nothing that runs.
    """
    with _quiet(), _in_words(checkpoint, "its weights cannot be loaded"):
        model, found = cls.from_pretrained(
            files.folder,
            config=config,
            dtype=torch.float32,
            use_safetensors=files.weights[0].suffix == ".safetensors",
            weights_only=True,
            local_files_only=True,
            output_loading_info=True,
            **more,
        )
    missing = sorted(key for key in found["missing_keys"] if not MAY_BE_MISSING.search(key))
    if missing:
        raise CheckpointError(
            f"'{checkpoint.name}' has no weights for {missing[0]} ({len(missing)} tensors in all), "
            "which would be drawn by chance: is it a checkpoint of another model?"
        )
    return model.eval()


def _read(cls: FromPretrained, checkpoint: CheckpointName, files: CheckpointFiles) -> Loaded:
    """Read the configuration of a model or a feature extractor."""
    with _quiet(), _in_words(checkpoint, "it cannot be read"):
        return cls.from_pretrained(
            files.folder, trust_remote_code=checkpoint.trust_remote_code, local_files_only=True
        )


@contextmanager
def _in_words(checkpoint: CheckpointName, what: str) -> Iterator[None]:
    """Say what transformers raised in one sentence that begins with the checkpoint.

    Raises:
        CheckpointError: It raised.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        if "trust_remote_code" in str(error) and not checkpoint.trust_remote_code:
            raise CheckpointError(f"'{checkpoint.name}' asks for trust: {REMOTE_CODE}") from error
        line = " ".join(str(error).split())[:300]
        raise CheckpointError(
            f"'{checkpoint.name}': {what} ({type(error).__name__}: {line})"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' progress bars and its table of what the weights held besides."""
    logging = library().utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
