"""A module in another interpreter gives what it gives here, under the same checks."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.models.fingerprint import weights_hash
from benchmark.models.hear_module import load_hear_module
from benchmark.models.outputs import HearModuleError
from benchmark.runner.plan import module_facts
from tests.benchmark.fake_modules import write_module

AUDIO = torch.linspace(-1, 1, 2 * 16000).reshape(2, 16000)
NOISE = (
    "import os, sys, subprocess\n"
    "print('scene', flush=True); print('oops', file=sys.stderr)\n"
    "os.write(1, b'\\x00\\x00\\x00\\x02{}'); sys.__stdout__.write('{}')\n"
    "subprocess.run([sys.executable, '-c', 'print(1)'])"
)


def test_the_same_bits_as_in_process(modules: Path, other_python: Path, foreign) -> None:
    name = write_module(modules, extra_init="self.row_label = 'mine'")
    here, there = load_hear_module(name), foreign(name, other_python)
    np.testing.assert_array_equal(here.scene(AUDIO), there.scene(AUDIO))
    for mine, other in zip(here.timestamps(AUDIO), there.timestamps(AUDIO), strict=True):
        np.testing.assert_array_equal(mine, other)
        assert mine.dtype == other.dtype
    assert weights_hash(here.model) == weights_hash(there.model)
    assert (there.sample_rate, there.scene_embedding_size, there.parameter_count) == (16000, 4, 4)
    assert there.label == "mine"
    assert f"torch {torch.__version__}" in (there.note or "")


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_a_tensor_of_another_type_is_refused(modules: Path, foreign, dtype: str) -> None:
    hear = foreign(write_module(modules, scene=f"embeddings = embeddings.to(torch.{dtype})"))
    with pytest.raises(HearModuleError, match=f"torch.{dtype} embeddings; HEAR asks for float32"):
        hear.scene(AUDIO)


def test_a_tensorflow_module_gives_what_a_torch_module_gives(modules: Path, write, foreign) -> None:
    here, there = load_hear_module(write_module(modules)), foreign(write())
    np.testing.assert_allclose(here.scene(AUDIO), there.scene(AUDIO), rtol=1e-5)
    for mine, other in zip(here.timestamps(AUDIO), there.timestamps(AUDIO), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5)
    assert there.parameter_count == 4
    assert "tensorflow 0.fake" in (there.note or "")


def test_the_other_interpreter_is_another_one(write, other_python: Path, foreign) -> None:
    code = (
        "import sys; from importlib.util import find_spec\n"
        "absent = not any(find_spec(n) for n in ('benchmark', 'msssl_hear', 'worker'))\n"
        "self.row_label = sys.executable if absent and sys.argv[1:] == [__name__] else 'not alone'"
    )
    hear = foreign(f"{write(extra_init=code)}=some=path", other_python)
    assert hear.label == str(other_python)
    assert hear.model_path == "some=path"


def test_prints_do_not_get_between(write, foreign, cache: Path) -> None:
    hear = foreign(write(scene=NOISE, load="print('load')"))
    assert hear.scene(AUDIO).shape == (2, 4)
    (log,) = (cache / "logs").iterdir()
    for words in ("load", "scene", "oops"):
        assert words in log.read_text()
    hear.close()
    assert not log.exists()


def fingerprint(foreign, spec: str, python: Path | str = sys.executable) -> tuple[str, str]:
    facts = module_facts(foreign(spec, python), ())
    return facts.module_hash, facts.weights_hash


def test_the_fingerprint_covers_code_weights_and_libraries(
    modules: Path, write, other_python: Path, foreign
) -> None:
    name = write()
    first = fingerprint(foreign, name)
    assert fingerprint(foreign, name, other_python) == first  # its versions are the same
    file = modules / f"{name}.py"
    source = file.read_text()
    file.write_text(source + "\n# another\n")
    changed = fingerprint(foreign, name)
    assert changed[0] != first[0]
    assert changed[1] == first[1]
    file.write_text(source.replace("3, 4]", "3, 5]"))
    assert fingerprint(foreign, name)[1] != first[1]
    file.write_text(source)
    library = modules / "tensorflow.py"
    library.write_text(library.read_text().replace("0.fake", "1.fake"))
    changed = fingerprint(foreign, name)
    assert changed[0] != first[0]
    assert changed[1] == first[1]


def test_a_model_that_nobody_seeded_is_the_same_at_every_start(write, foreign) -> None:
    init = "import random; self.weight.array[0] = random.random()"
    name = write(extra_init=init)
    assert fingerprint(foreign, name) == fingerprint(foreign, name)


def test_the_source_of_the_whole_package_and_a_checkpoint_folder_count(
    modules: Path, write, foreign
) -> None:
    package = modules / "pkg_of_test"
    (package / "parts").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "parts" / "__init__.py").write_text("x = 1")
    (modules / f"{write()}.py").rename(package / "net.py")
    file = package / "net.py"
    file.write_text("from pkg_of_test.parts import x\n" + file.read_text())
    (modules / "saved").mkdir()

    def source() -> str:
        return foreign("pkg_of_test.net=saved").model.facts.source_hash

    before = source()
    assert source() == before
    (package / "parts" / "__init__.py").write_text("x = 2")
    changed = source()
    assert changed != before
    (modules / "saved" / "variables").write_text("3")
    assert source() != changed
