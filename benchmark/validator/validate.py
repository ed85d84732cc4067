"""All checks of a HEAR module in order: upstream's first, then those it lacks."""

from __future__ import annotations

from benchmark.validator.checks_upstream import (
    ROUNDING_ADVICE,
    check_embedding_sizes,
    check_load_model,
    check_sample_rate,
    check_scene_embeddings,
    check_timestamp_embeddings,
    import_module,
)
from benchmark.validator.click_train import check_click_train
from benchmark.validator.loaded_module import LoadedModule, Report
from benchmark.validator.numerics import (
    check_batch_independence,
    check_determinism,
    check_finite_embeddings,
    check_short_clips,
    check_silence,
)
from benchmark.validator.time_axis import check_time_axis


def validate(module_name: str, model_path: str, device: str) -> None:
    """Check a HEAR module, printing progress and warnings.

    Args:
        module_name: Import name.
        model_path: Passed to its ``load_model``; empty: the module's default.
        device: torch device, e.g. ``"cpu"``.

    Raises:
        ValidationError: at the first check that fails.
    """
    report = Report()
    module = import_module(module_name, report)
    loaded = check_load_model(module, model_path, device, report)
    check_sample_rate(loaded, report)
    check_embedding_sizes(loaded, report)
    check_embeddings_of_noise(loaded, report)
    check_silence(loaded, report)
    check_short_clips(loaded, report)
    check_determinism(loaded, report)
    check_batch_independence(loaded, report)
    check_click_train(loaded, report)
    report.progress("Looks good!")


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
