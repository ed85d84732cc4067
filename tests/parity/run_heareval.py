"""Runs hear-eval-kit 2021.1.3, as PyPI has it, with today's Python, NumPy and torch.

    python run_heareval.py embeddings MODULE --tasks-dir TASKS --embeddings-dir OUT
    python run_heareval.py predictions OUT/MODULE/TASK... --grid faster
    python run_heareval.py --seed 43 predictions OUT/MODULE/TASK...

The arguments after the program's name are those of ``heareval.embeddings.runner`` and
``heareval.predictions.runner``. Start it with the Python of the environment ``HEAREVAL``, which
``environment.py`` makes.

No file of heareval is changed. What its code expects of other packages comes from two places. The
environment pins pytorch-lightning 1.9.5, the last release with ``Trainer(gpus=...)`` and
``validation_epoch_end``, and a setuptools that still has ``pkg_resources``, which dcase_util
imports. The functions in ``SHIMS`` give back the three things that no release installable today
has; each says which old API it stands for. They are applied before heareval is imported.

GPUs are hidden: exact mode reproduces upstream on a CPU, and upstream would take a GPU by itself.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import sys
import types
from collections.abc import Callable, Sequence


def provide_tensorflow() -> None:
    """Stand in for TensorFlow 2, which both modules of ``heareval.embeddings`` import.

    They need it for one question, ``isinstance(model, tf.Module)``, and ask it of every model that
    is no torch module. An empty module with that class saves an installation of 1.5 GB. Models in
    TensorFlow cannot be embedded with it.
    """
    tensorflow = types.ModuleType("tensorflow")
    tensorflow.Module = type("Module", (), {})
    sys.modules["tensorflow"] = tensorflow


def load_whole_checkpoints() -> None:
    """Give ``torch.load`` its default of before torch 2.6: unpickle the whole file.

    heareval reads the best checkpoint with ``torch.load(path)``. The file holds the grid point
    beside the weights, with classes such as ``torch.nn.Identity`` as values. Since 2.6 the default
    is ``weights_only=True``, which refuses them: "Weights only load failed". torch reads this
    variable at every call that does not say which it wants. The file was written a moment before by
    the same process.
    """
    os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"


def make_current_epoch_settable() -> None:
    """Give ``FitLoop.current_epoch`` its meaning of before pytorch-lightning 1.6.

    An event model keeps the best post-processing of every epoch, and looks it up by
    ``self.current_epoch`` in its test. Before the test heareval therefore sets
    ``trainer.fit_loop.current_epoch`` to the best epoch. Up to 1.5 that was the number behind
    ``Trainer.current_epoch``. Since 1.6 it is ``fit_loop.epoch_progress.current.completed``. The
    assignment then makes an attribute that nobody reads, and the test of an event task ends with
    KeyError (hear-eval-kit's issue 432). heareval itself asks for 1.6 or newer.
    """
    from pytorch_lightning.loops import FitLoop

    def get(loop: FitLoop) -> int:
        return loop.epoch_progress.current.completed

    def put(loop: FitLoop, epoch: int) -> None:
        loop.epoch_progress.current.completed = epoch

    FitLoop.current_epoch = property(get, put)


SHIMS: dict[str, tuple[Callable[[], None], ...]] = {
    "embeddings": (provide_tensorflow,),
    "predictions": (load_whole_checkpoints, make_current_epoch_settable),
}


def use_seed(seed: int) -> None:
    """Let a task's run begin with another seed than 42, which stands in heareval's code."""
    import heareval.predictions.task_predictions as predictions

    original = predictions.seed_everything

    @functools.wraps(original)
    def seed_everything(_: int, workers: bool = False) -> int:
        return original(seed, workers=workers)

    predictions.seed_everything = seed_everything


def main(arguments: Sequence[str]) -> None:
    """Apply a program's shims and hand over to it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, help="seed of the heads (heareval's: 42)")
    parser.add_argument("program", choices=SHIMS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="ARGUMENT")
    given = parser.parse_args(arguments)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    for shim in SHIMS[given.program]:
        shim()
    if given.seed is not None:
        use_seed(given.seed)
    # As after python -m heareval...: the module to be embedded may lie in the working folder.
    sys.path[0] = ""
    runner = importlib.import_module(f"heareval.{given.program}.runner").runner
    runner(given.rest, prog_name=f"heareval.{given.program}.runner")


if __name__ == "__main__":
    main(sys.argv[1:])
