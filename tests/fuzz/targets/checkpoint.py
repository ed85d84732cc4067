"""The encoder's safetensors file: its card, its table of tensors, or its bytes (first byte: K)."""

import json
import tempfile
from pathlib import Path
from random import Random

import torch

from msssl_hear.checkpoint import load_checkpoint, save_checkpoint
from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_mel import LogMel
from tests.fuzz.mutation import mutate_bytes, mutate_json
from tests.fuzz.target import Target


def small_file() -> bytes:
    """A checkpoint of the smallest encoder."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.safetensors"
        encoder = Encoder(EncoderConfig(width=0.05, depth=0.1, size=8))
        save_checkpoint(path, LogMel(), encoder, {"recipe": "none"}, torch.float16)
        return path.read_bytes()


FILE = small_file()
TABLE = FILE[8 : 8 + int.from_bytes(FILE[:8], "little")]
TENSORS = FILE[8 + len(TABLE) :]
CARD = json.loads(TABLE)["__metadata__"]["card"].encode()


def read(data: bytes, folder: Path) -> None:
    """Put the card or the table in its place, and load."""
    kind, content = data[:1], data[1:]
    if kind == b"C":
        table = json.loads(TABLE)
        table["__metadata__"]["card"] = content.decode("utf-8", "replace")
        content = json.dumps(table).encode()
    if kind in (b"C", b"T"):
        content = len(content).to_bytes(8, "little") + content + TENSORS
    path = folder / "small.safetensors"
    path.write_bytes(content)
    log_mel, encoder, _ = load_checkpoint(path)
    with torch.inference_mode():
        log_mel(torch.zeros(1, 800))
    assert encoder.config.size


def mutate(data: bytes, random: Random) -> bytes:
    """The card as JSON, the table as JSON, the file as bytes."""
    change = mutate_bytes if data[:1] == b"K" else mutate_json
    return data[:1] + change(data[1:], random)


TARGET = Target(
    read,
    (b"C" + CARD, b"T" + TABLE, b"K" + FILE[: 8 + len(TABLE) + 64]),
    (ValueError, FileNotFoundError),
    mutate,
)
