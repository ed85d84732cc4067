import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from benchmark.protocol import Protocol
from benchmark.results.cell_files import load_cell, read_cell, save_cell
from benchmark.results.cells import SCHEMA, Cell, FoldScores
from benchmark.results.schema.cell_json import cell_of, cell_text
from benchmark.results.schema.json_schema import MEANINGS, cell_schema, schema_path, schema_text
from tests.benchmark.results.test_cells import CELL, FAILED

FOLDS = [replace(fold, validation_curve=[[0, 0.5], [3, math.nan]]) for fold in CELL.folds]
FULL = replace(CELL, folds=FOLDS, command="msbench run x", degenerate={"equal": 0.5})


def facts_of(cell: Cell) -> dict:
    return json.loads(cell_text(cell))


def test_the_schema_that_is_shipped_is_that_of_the_dataclasses() -> None:
    """On failure: raise SCHEMA, read the version before, ``python -m benchmark.results.schema``."""
    assert schema_path().name == f"cell-{SCHEMA}.json"
    assert schema_path().read_text() == schema_text()


def test_every_key_is_explained_and_nothing_else() -> None:
    def keys(schema: dict, above: str = "") -> set[str]:
        found = set()
        for name, below in schema.get("properties", {}).items():
            key = f"{above}.{name}" if above else name
            found |= {key} | keys(below, key)
            for inner in [below.get("items", {}), *below.get("anyOf", [])]:
                found |= keys(inner, key)
        return found

    assert keys(cell_schema()) == set(MEANINGS)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(schema_path().read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("cell", [FULL, CELL, FAILED], ids=["full", "finished", "failed"])
def test_what_is_written_is_json_of_the_schema_and_read_again(
    cell: Cell, validator: jsonschema.Draft202012Validator
) -> None:
    def no_json(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    facts = json.loads(cell_text(cell), parse_constant=no_json)
    validator.validate(facts)
    assert repr(cell_of(cell_text(cell))) == repr(cell)


def test_numbers_that_are_not_finite_are_strings() -> None:
    folds = facts_of(FULL)["folds"]
    assert folds[0]["scores"]["d_prime"] == "Infinity"
    assert folds[2]["scores"]["top1_acc"] == "NaN"
    assert folds[0]["validation_curve"] == [[0, 0.5], [3, "NaN"]]
    negative = replace(FULL, folds=[replace(FOLDS[0], validation_score=-math.inf), *FOLDS[1:]])
    assert cell_of(cell_text(negative)).folds[0].validation_score == -math.inf


# Where, what is put there (... deletes it), and what is said.
DAMAGE = [
    (("machine",), ..., "key machine is missing"),
    (("machin",), "box", "key machin is no key of this file"),
    (("machine",), None, "key machine is null; expected text"),
    (("reason",), 3, "key reason is 3; expected text or null"),
    (("task", "folds"), "three", "key task.folds is 'three'; expected a whole number"),
    (("task", "folds"), True, "key task.folds is true; expected a whole number"),
    (("task", "family"), "music", "key task.family is 'music'; expected 'scene' or 'event' or"),
    (("module", "sample_rate"), 1.5, "key module.sample_rate is 1.5; expected a whole number or"),
    (("protocol", "mode"), "quick", "key protocol.mode is 'quick'; expected 'exact' or 'fast'"),
    (("protocol",), [], "key protocol is a list; expected an object"),
    (("folds",), {}, "key folds is an object; expected a list"),
    (("folds", 1, "epoch"), ..., "key folds[1].epoch is missing"),
    (("folds", 0, "scores", "top1_acc"), "high", "key folds[0].scores.top1_acc is 'high'"),
    (("folds", 0, "scores", "top1_acc"), None, "top1_acc is null; expected a number"),
    (("folds", 0, "hyperparameters", "lr"), [], "key folds[0].hyperparameters.lr is a list"),
    (("cost", "clips"), "x" * 99, "key cost.clips is 'xxx"),
    (("cost", "clip"), 3, "key cost.clip is no key"),
]
# What the schema alone does not say: keys that must agree with each other.
CROSSED = [
    (("folds", 2, "scores", "top1_acc"), ..., "key folds[2].scores.top1_acc is missing"),
    (("folds", 1, "scores", "d_prime"), ..., "key folds[1].scores.d_prime is missing"),
    (("folds",), [], "key folds has 0 entries, though key task.folds says 3"),
    (("cost",), None, "key cost is null"),
]


def damaged(where: tuple[str | int, ...], value: object) -> str:
    facts = facts_of(FULL)
    place = facts
    for key in where[:-1]:
        place = place[key]
    if value is ...:
        del place[where[-1]]
    else:
        place[where[-1]] = value
    return json.dumps(facts)


@pytest.mark.parametrize(("where", "value", "said"), DAMAGE + CROSSED)
def test_a_damaged_cell_is_one_sentence_with_file_and_key(
    tmp_path: Path, where: tuple[str | int, ...], value: object, said: str
) -> None:
    path = tmp_path / "cell.json"
    path.write_text(damaged(where, value))
    with pytest.raises(ValueError) as error:
        read_cell(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert said in message
    assert len(message) < 300
    assert "\n" not in message
    assert load_cell(path) is None


@pytest.mark.parametrize(("where", "value", "said"), DAMAGE)
def test_the_schema_refuses_it_too(
    where: tuple[str | int, ...],
    value: object,
    said: str,
    validator: jsonschema.Draft202012Validator,
) -> None:
    assert not validator.is_valid(json.loads(damaged(where, value)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ('{"schema": 3', "no JSON"),
        ("[]", "no JSON object"),
        ("{}", "schema None cannot be read"),
        ('{"schema": 99}', "schema 99 cannot be read by this version"),
        ('{"schema": 3}', "key module is missing"),
    ],
)
def test_files_that_are_no_cells(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "cell.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_cell(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"cell\.json.*codec"):
        read_cell(path)
    with pytest.raises(FileNotFoundError):
        read_cell(tmp_path / "absent.json")


def test_cells_of_schema_2_are_read(tmp_path: Path) -> None:
    """Bare NaN and Infinity; neither command nor curve nor distribution."""
    facts = facts_of(CELL)
    facts["schema"] = 2
    del facts["command"], facts["module"]["distribution"]
    for fold in facts["folds"]:
        del fold["validation_curve"]
    text = json.dumps(facts).replace('"NaN"', "NaN").replace('"Infinity"', "Infinity")
    assert "NaN" in text
    assert "Infinity" in text
    assert repr(cell_of(text)) == repr(CELL)
    save_cell(tmp_path / "cell.json", cell_of(text))
    assert json.loads((tmp_path / "cell.json").read_text())["schema"] == SCHEMA
    with pytest.raises(ValueError, match="key task_hash is missing"):
        cell_of(text.replace('"task_hash": "task hash", ', ""))


def test_cells_of_schema_4_are_read() -> None:
    facts = facts_of(FULL)
    facts["schema"] = 4
    del facts["degenerate"]
    assert repr(cell_of(json.dumps(facts))) == repr(replace(FULL, degenerate={}))


def test_cells_of_schema_6_are_read() -> None:
    facts = facts_of(FULL)
    facts["schema"] = 6
    for fold in facts["folds"]:
        del fold["steps"]
    assert repr(cell_of(json.dumps(facts))) == repr(FULL)


def test_cells_of_schema_7_have_no_licence() -> None:
    facts = facts_of(FULL)
    facts["schema"] = 7
    del facts["module"]["licence"]
    assert cell_of(json.dumps(facts)).module.licence == ""


SCHEMA_1 = """{"module": {"label": "cola", "module": "pkg.cola", "checkpoint": "", "note": null,
"weights_hash": "w", "module_hash": "m", "sample_rate": 16000, "parameters": 7},
"task": {"task": "t-v1", "family": "event", "score": "f", "notice": "Made.", "folds": 1},
"protocol": {"grid": "default", "seed": 42, "version": 1}, "task_hash": "t", "reason": null,
"folds": [{"fold": "test", "scores": {"f": 0.5}, "validation_score": 0.4, "epoch": 17}],
"cost": {"embedding_size": 5, "clips": 9, "audio_seconds": 9.0, "embedding_seconds": 4.0,
"model_seconds": 3.0, "embedding_cached": false, "head_seconds": 2.0},
"hyperparameters": {"lr": 0.5}, "postprocessing": {"min_duration": 125}, "device": "cpu",
"versions": "python 3.11", "machine": "box", "date": "2026-11-23", "schema": 1}"""


def test_cells_of_schema_1_are_read() -> None:
    cell = cell_of(SCHEMA_1)
    assert cell.protocol == Protocol("default", 42, "exact", "published", 8, 1)
    assert cell.folds == [
        FoldScores("test", {"f": 0.5}, 0.4, 17, {"lr": 0.5}, {"min_duration": 125})
    ]
    assert (cell.module.label, cell.task.notice, cell.machine) == ("cola", "Made.", "box")
    assert cell.schema == SCHEMA
    with pytest.raises(ValueError, match="key protocol is missing or no object"):
        cell_of(SCHEMA_1.replace('"protocol"', '"p"'))
    with pytest.raises(ValueError, match="key f is no key"):
        cell_of(SCHEMA_1.replace('"folds": [', '"f": ['))
