"""The whole model as ONNX operators: waveform in, scene and timestamp embeddings out."""

from __future__ import annotations

import numpy as np
import torch
from onnx import ModelProto, TensorProto, helper
from torch import Tensor

from msssl_hear.encoder import HOP_FRAMES
from msssl_hear.export.dft import PowerBands, power_bands
from msssl_hear.export.metadata import AUDIO, SCENE, TIMESTAMPS, TIMESTAMPS_MS, metadata
from msssl_hear.export.onnx_encoder import encoder_nodes
from msssl_hear.export.onnx_graph import OnnxGraph
from msssl_hear.log_frequency import LogFrequency, spectral_contrast
from msssl_hear.log_mel import LogMel
from msssl_hear.model import HearModel
from msssl_hear.read_out import PLAIN_SCALE


def onnx_model(model: HearModel) -> ModelProto:
    """Write a model down in ONNX.

    Args:
        model: From ``msssl_hear.load_model``.

    Returns:
        A model with the input ``audio``, float32, shape (batch, samples), and the outputs
        ``scene_embeddings`` (batch, scene_embedding_size), ``timestamp_embeddings``
        (batch, frames, timestamp_embedding_size) and ``timestamps_ms`` (frames,), all float32.
    """
    graph = OnnxGraph()
    log_mel = _log_mel(graph, model.log_mel, AUDIO)
    contrast = None
    if model.log_frequency is not None:
        contrast = _contrast(graph, model.log_frequency, AUDIO)
    learnt = encoder_nodes(graph, model.encoder, log_mel, contrast)
    plain: list[str] = []
    if contrast is not None and model.reads_contrast:
        plain = [_pooled(graph, log_mel), contrast]
    if model.read_out == "full":
        plain = [graph.op("Mul", x, PLAIN_SCALE) for x in plain]
    scene = _scene(graph, model.read_out, learnt, plain)
    timestamps = graph.op("Concat", learnt, *plain, axis=2) if plain else learnt
    if (known := model.statistics) is not None:
        gains = known.scene_scale / known.scene_std, known.timestamp_scale / known.timestamp_std
        scene = _standardised(graph, scene, known.scene_mean, gains[0], "scene")
        timestamps = _standardised(graph, timestamps, known.timestamp_mean, gains[1], "timestamp")
    graph.output(scene, SCENE)
    graph.output(timestamps, TIMESTAMPS)
    positions = graph.op("Squeeze", graph.op("Shape", learnt, start=1, end=2), [0])
    # A product of whole numbers, not a running sum: multiples of 40 are exact for hours.
    hops = graph.op("Range", np.array(0), positions, np.array(1))
    centres = graph.op("Mul", graph.op("Cast", hops, to=TensorProto.FLOAT), model.hop_ms)
    graph.output(centres, TIMESTAMPS_MS)
    shapes = {
        AUDIO: ["batch", "samples"],
        SCENE: ["batch", model.scene_embedding_size],
        TIMESTAMPS: ["batch", "frames", model.timestamp_embedding_size],
        TIMESTAMPS_MS: ["frames"],
    }
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]
    return graph.model(values[:1], values[1:], metadata(model))


def _log_mel(graph: OnnxGraph, front_end: LogMel, audio: str) -> str:
    """``LogMel.forward``: shape (batch, 1 + samples // hop_length, n_mels)."""
    config = front_end.config
    energy = front_end.window.double().square().sum()
    filters = front_end.filterbank.double() / energy
    constants = power_bands(front_end.window, config.n_fft, config.hop_length, filters)
    power = _bands(graph, constants, audio, "log_mel")
    log = graph.op("Log", graph.op("Add", power, config.log_offset))
    centred = graph.op("Sub", log, graph.constant(front_end.mean, "log_mel.mean"))
    return graph.op("Div", centred, graph.constant(front_end.std, "log_mel.std"))


def _contrast(graph: OnnxGraph, front_end: LogFrequency, audio: str) -> str:
    """``spectral_contrast`` of ``LogFrequency.forward``: (batch, 1 + samples // 640, bins)."""
    config = front_end.config
    constants = power_bands(front_end.window, config.n_fft, config.hop_length, front_end.filters)
    power = _bands(graph, constants, audio, "log_frequency")
    log = graph.op("Log", graph.op("Add", power, config.log_offset))
    # It is linear in the logarithms: its matrix is what it makes of the unit vectors.
    units = torch.eye(config.bins, dtype=torch.float64)
    matrix = spectral_contrast(units, config.bins_per_octave).float()
    return graph.op("MatMul", log, graph.constant(matrix, "log_frequency.contrast"))


def _bands(graph: OnnxGraph, constants: PowerBands, audio: str, name: str) -> str:
    """Power in bands, shape (batch, 1 + samples // hop_length, bands); see ``PowerBands``."""
    frames = _frames(graph, constants, audio)
    window = graph.constant(constants.window, f"{name}.window")
    first = graph.constant(constants.first, f"{name}.first")
    spectra = graph.op("MatMul", first, graph.op("Mul", frames, window))
    x, y = graph.split("Split", 2, spectra, [constants.halves] * 2, axis=2)
    real = graph.constant(constants.twiddle_real, f"{name}.twiddle_real")
    imaginary = graph.constant(constants.twiddle_imaginary, f"{name}.twiddle_imaginary")
    turned = graph.op(
        "Concat",
        graph.op("Sub", graph.op("Mul", x, real), graph.op("Mul", y, imaginary)),
        graph.op("Add", graph.op("Mul", x, imaginary), graph.op("Mul", y, real)),
        axis=3,
    )
    second = graph.constant(constants.second, f"{name}.second")
    exact = graph.op("MatMul", graph.op("Cast", turned, to=TensorProto.DOUBLE), second)
    product = graph.op("Cast", exact, to=TensorProto.FLOAT)
    squares = graph.op("Mul", product, product)
    kept = constants.second.shape[1] // 2
    x, y = graph.split("Split", 2, squares, [kept] * 2, axis=3)
    power = graph.op("Reshape", graph.op("Add", x, y), [0, 0, constants.halves * kept])
    return graph.op("MatMul", power, graph.constant(constants.filters, f"{name}.filters"))


def _frames(graph: OnnxGraph, constants: PowerBands, audio: str) -> str:
    """Frames around every hop, shape (batch, frames, rows, columns); zeros outside the audio."""
    hop, half = constants.hop_length, constants.n_fft // 2
    samples = graph.op("Shape", audio, start=1, end=2)
    # To the next hop, so that the padded audio is whole rows; n_fft // 2 may be rounded down.
    rest = graph.op("Sub", [hop + constants.n_fft - half], graph.op("Mod", samples, [hop]))
    padded = graph.op("Pad", audio, graph.op("Concat", [0, half, 0], rest, axis=0))
    rows = graph.op("Reshape", padded, [0, -1, constants.columns])
    last = graph.op("Squeeze", graph.op("Div", samples, [hop]), [0])
    hops = graph.op("Range", np.array(0), graph.op("Add", last, np.array(1)), np.array(1))
    starts = graph.op("Mul", graph.op("Unsqueeze", hops, [1]), [hop // constants.columns])
    places = graph.op("Add", starts, np.arange(constants.rows))
    return graph.op("Gather", rows, places, axis=1)


def _pooled(graph: OnnxGraph, log_mel: str) -> str:
    """``on_the_grid``: the mean of 50 ms around every 40 ms."""
    half = HOP_FRAMES // 2
    pooled = graph.op(
        "AveragePool",
        graph.op("Transpose", log_mel, perm=(0, 2, 1)),
        kernel_shape=[2 * half + 1],
        strides=[HOP_FRAMES],
        pads=[half, half],
        count_include_pad=0,
    )
    return graph.op("Transpose", pooled, perm=(0, 2, 1))


def _scene(graph: OnnxGraph, read_out: str, learnt: str, plain: list[str]) -> str:
    """``scene_embedding``, or ``scene_numbers``, shape (batch, scene_size)."""
    parts = [_over_time(graph, "ReduceMax", learnt)]
    if read_out == "scaled":
        log_mel, contrast = plain
        parts += [_over_time(graph, "ReduceMean", log_mel), _deviation(graph, log_mel)]
        parts += [_over_time(graph, "ReduceMax", contrast)]
        return graph.op("Concat", *parts, axis=1)
    if read_out != "paper":
        parts.append(_over_time(graph, "ReduceMean", learnt))
    if plain:
        log_mel, contrast = plain
        parts += [
            _deviation(graph, learnt),
            _over_time(graph, "ReduceMean", log_mel),
            _deviation(graph, log_mel),
            _over_time(graph, "ReduceMean", contrast),
            _over_time(graph, "ReduceMax", contrast),
        ]
    return graph.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]


def _standardised(graph: OnnxGraph, x: str, mean: Tensor, gain: Tensor, name: str) -> str:
    """``ReadOutStatistics.scene`` or ``.timestamps``."""
    centred = graph.op("Sub", x, graph.constant(mean, f"read_out.{name}_mean"))
    return graph.op("Mul", centred, graph.constant(gain, f"read_out.{name}_gain"))


def _over_time(graph: OnnxGraph, kind: str, x: str) -> str:
    return graph.op(kind, x, [1], keepdims=0)


def _deviation(graph: OnnxGraph, x: str) -> str:
    """Standard deviation over time, of all frames (correction 0)."""
    centred = graph.op("Sub", x, graph.op("ReduceMean", x, [1], keepdims=1))
    squares = graph.op("Mul", centred, centred)
    return graph.op("Sqrt", _over_time(graph, "ReduceMean", squares))
