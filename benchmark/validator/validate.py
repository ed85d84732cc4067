"""All checks of a HEAR module in order: upstream's first, then those it lacks."""

from __future__ import annotations

import traceback
from types import ModuleType

from benchmark.models.worker.interpreter import Interpreter
from benchmark.models.worker.module import WorkerModule
from benchmark.validator.checks_upstream import (
    ROUNDING_ADVICE,
    check_embedding_sizes,
    check_load_model,
    check_row_texts,
    check_sample_rate,
    check_scene_embeddings,
    check_timestamp_embeddings,
    import_module,
)
from benchmark.validator.click_train import check_click_train
from benchmark.validator.distinct import check_different_sounds
from benchmark.validator.lengths import check_odd_lengths
from benchmark.validator.loaded_module import LoadedModule, ValidationError
from benchmark.validator.numerics import (
    check_batch_independence,
    check_determinism,
    check_finite_embeddings,
    check_short_clips,
    check_silence,
)
from benchmark.validator.report import Report
from benchmark.validator.time_axis import check_time_axis


def validate(
    module_name: str,
    model_path: str,
    device: str,
    interpreter: Interpreter | None = None,
    debug: bool = False,
) -> None:
    """Check a HEAR module, printing progress and warnings.

    Args:
        module_name: Import name.
        model_path: Passed to its ``load_model``; empty: the module's default.
        device: torch device, e.g. ``"cpu"``.
        interpreter: What to start a worker process with, as ``msbench run`` does; what the module
            prints there goes to a log. None loads it into this process.
        debug: Whether to show that log, and the traceback of a check that fails.

    Raises:
        ValidationError: at the first check that fails.
    """
    report = Report()
    module = import_module(module_name, model_path, device, interpreter, report)
    try:
        check(check_load_model(module, model_path, device, report), report)
    except ValidationError as error:
        if debug:
            report.foreign("".join(traceback.format_exception(error)))
        raise
    finally:
        close(module, report, debug)
    report.progress("Looks good!")


def check(loaded: LoadedModule, report: Report) -> None:
    """All checks of a loaded model, in order.

    Raises:
        ValidationError: at the first one that fails.
    """
    check_sample_rate(loaded, report)
    check_embedding_sizes(loaded, report)
    check_row_texts(loaded)
    check_embeddings_of_noise(loaded, report)
    check_silence(loaded, report)
    check_short_clips(loaded, report)
    check_different_sounds(loaded, report)
    check_odd_lengths(loaded, report)
    check_determinism(loaded, report)
    check_batch_independence(loaded, report)
    check_click_train(loaded, report)


def close(module: ModuleType | WorkerModule, report: Report, debug: bool) -> None:
    """End the worker process of a module that has one, and say where its log is."""
    if not isinstance(module, WorkerModule):
        return
    module.close()
    if module.log.exists():
        report.progress(f"What the module printed is in {module.log}")
        if debug:
            report.foreign(module.log.read_text("utf-8", "replace"))


def check_embeddings_of_noise(loaded: LoadedModule, report: Report) -> None:
    """Upstream's calls of both functions; what they return then goes through our checks.

    Raises:
        ValidationError: if a check fails.
    """
    by_length = {
        seconds: check_timestamp_embeddings(loaded, seconds, report)
        for seconds in (1.07, 1.98, 4.0)
    }
    report.warn(ROUNDING_ADVICE)
    scene = check_scene_embeddings(loaded, report)
    for seconds, (embeddings, timestamps) in by_length.items():
        words = f"noise of {seconds} s"
        check_finite_embeddings(embeddings, "get_timestamp_embeddings", words)
        check_time_axis(timestamps, seconds, report)
    check_finite_embeddings(scene, "get_scene_embeddings", "noise of 2.74 s")
