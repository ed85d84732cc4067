"""A cell's JSON."""

import json
from pathlib import Path

from benchmark.results.cell_files import load_cell, read_cell
from benchmark.results.schema.cell_json import cell_of, cell_text
from tests.benchmark.results.test_cells import CELL, FAILED
from tests.fuzz.mutation import mutate_json
from tests.fuzz.target import Target

OLD = {**json.loads(cell_text(CELL)), "schema": 1}
OLD["protocol"] = {"grid": "faster", "seed": 42, "version": 1}
OLD |= {"hyperparameters": {"lr": 1e-3}, "postprocessing": {}}


def read(data: bytes, folder: Path) -> None:
    """What is read must come back equal from what is written of it."""
    path = folder / "cell.json"
    path.write_bytes(data)
    loaded = load_cell(path)
    cell = read_cell(path)
    assert repr(loaded) == repr(cell)
    assert repr(cell_of(cell_text(cell))) == repr(cell)
    if not cell.reason:
        assert cell.primary is not None


TARGET = Target(
    read,
    (cell_text(CELL).encode(), cell_text(FAILED).encode(), json.dumps(OLD).encode()),
    (ValueError, FileNotFoundError),
    mutate_json,
)
