"""What no file of the three packages may do (SECURITY.md), read from their syntax trees."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from msssl_common.files import write_text
from tests import ROOT

PACKAGES = ("msssl_common", "msssl_hear", "pretrain", "benchmark")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]

# Calls that run what is in a file, or hand text to a shell, whatever their arguments.
FORBIDDEN = {
    *("eval", "exec", "compile", "os.system", "os.popen", "subprocess.getoutput"),
    *("subprocess.getstatusoutput", "pickle.load", "pickle.loads", "pickle.Unpickler"),
    *("marshal.load", "marshal.loads", "shelve.open", "joblib.load", "dill.load", "dill.loads"),
    *("pandas.read_pickle", "pd.read_pickle", "torch.hub.load", "yaml.load", "yaml.unsafe_load"),
    *("yaml.full_load", "yaml.load_all", "shutil.unpack_archive", "tempfile.mktemp"),
    *("ssl._create_unverified_context", "torch.jit.load"),
}
UNPACKING = {"extractall", "extract"}  # of tarfile and zipfile: members are written by our own code
FETCHING = {"urlopen", "urlretrieve", "build_opener"}
# The file that may fetch: it compares what came with a checksum before it gets its name.
MAY_FETCH = {"msssl_common/download.py"}


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of a name or attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def faults(source: str, file: str) -> Iterator[str]:
    """What is forbidden in a source text."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        words = {word.arg: ast.unparse(word.value) for word in node.keywords}
        last = node.func.attr if isinstance(node.func, ast.Attribute) else name
        if name in FORBIDDEN or last in UNPACKING:
            yield f"{name or last} in line {node.lineno}"
        if name == "torch.load" and words.get("weights_only") != "True":
            yield f"torch.load without weights_only=True in line {node.lineno}"
        if name in ("np.load", "numpy.load") and words.get("allow_pickle") != "False":
            yield f"np.load without allow_pickle=False in line {node.lineno}"
        if words.get("shell", "False") != "False":
            yield f"a shell in line {node.lineno}"
        if last in FETCHING and file not in MAY_FETCH:
            yield f"{last} in line {node.lineno}"
        if last == "Environment" and words.get("autoescape") != "True":
            yield f"a template without autoescape=True in line {node.lineno}"


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_forbidden_is_called(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {fault}"
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] == package
        for fault in faults(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert not found


def test_templates_mark_nothing_as_safe_but_the_pages_own_style_and_script() -> None:
    templates = sorted((ROOT / "benchmark" / "report" / "templates").glob("*.j2"))
    assert templates
    for path in templates:
        text = path.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup", text), path


def test_no_address_to_fetch_code_or_weights_from_is_plain_http() -> None:
    """The three of raw data that their makers serve by HTTP alone are only named, never fetched."""
    names = ("speech_commands", "nsynth_pitch", "emodb")
    named = {f"benchmark/tasks/make/{name}.py" for name in names}
    for path in SOURCES:
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                address = node.value.startswith("http://") and len(node.value) > len("http://")
                assert not address or file in named, (file, node.value)


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.system(x)",
        "eval(x)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=not_sure)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text, Loader)",
        "pickle.load(file)",
        "subprocess.run(command, shell=True)",
        "subprocess.run(command, shell=user)",
        "tarfile.open(path).extractall(folder)",
        "urllib.request.urlopen(address)",
        "jinja2.Environment(loader=x)",
    ],
)
def test_it_would_be_found(source: str) -> None:
    assert [*faults(source, "benchmark/new.py")]


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path, weights_only=True)",
        "np.load(path, mmap_mode='r', allow_pickle=False)",
        "yaml.safe_load(text)",
        "subprocess.run([python, '-c', program])",
        "model.eval()",
    ],
)
def test_the_safe_way_is_open(source: str) -> None:
    assert not [*faults(source, "benchmark/new.py")]


def test_a_link_in_the_place_of_a_result_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    place = tmp_path / "cells" / "cell.json"
    place.parent.mkdir()
    place.symlink_to(precious)
    write_text(place, "{}")
    assert precious.read_text() == "mine"
    assert place.read_text() == "{}" and not place.is_symlink()
