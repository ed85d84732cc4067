"""HEAR's event scores by sed_eval itself, called as hear-eval-kit calls it.

Source: heareval.score.available_scores and SoundEventScore. sed_eval is no dependency of the
project; importing this module without it raises ImportError.
"""

from __future__ import annotations

import warnings
from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmark.events.table import Event

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # invalid escapes in dcase_util
    import sed_eval
    from dcase_util.containers import MetaDataContainer

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "event_onset_200ms_fms": {"evaluate_onset": True, "evaluate_offset": False, "t_collar": 0.2},
    "event_onset_50ms_fms": {"evaluate_onset": True, "evaluate_offset": False, "t_collar": 0.05},
    "event_onset_offset_50ms_20perc_fms": {
        "evaluate_onset": True,
        "evaluate_offset": True,
        "t_collar": 0.05,
        "percentage_of_length": 0.2,
    },
    "segment_1s_er": {"time_resolution": 1.0},
}


def sed_eval_score(
    name: str,
    reference: Mapping[str, Sequence[Event]],
    predicted: Mapping[str, Sequence[Event]],
    vocabulary: Sequence[str],
) -> dict[str, float]:
    """All of sed_eval's overall metrics for a score of HEAR.

    Args:
        name: Key of `PARAMETERS`.
        reference: Annotated events by clip.
        predicted: Events of the system by clip; only these clips count.
        vocabulary: The classes.

    Returns:
        ``f_measure``, ``precision``, ``recall``, ``error_rate`` and more, flat.
    """
    metrics = _evaluated(name, reference, predicted, vocabulary)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # divisions by zero
        return dict(ChainMap(*metrics.results_overall_metrics().values()))


class SedEvalCounts(NamedTuple):
    """What sed_eval counted: ``Nref``, ``Nsys``, ``Ntp``, ``Nfp``, ``Nfn``; overall ``Nsubs`` too.

    Attributes:
        overall: Of all classes.
        class_wise: By class.
    """

    overall: dict[str, float]
    class_wise: dict[str, dict[str, float]]


def sed_eval_counts(
    name: str,
    reference: Mapping[str, Sequence[Event]],
    predicted: Mapping[str, Sequence[Event]],
    vocabulary: Sequence[str],
) -> SedEvalCounts:
    """The counts behind `sed_eval_score`; same arguments."""
    metrics = _evaluated(name, reference, predicted, vocabulary)
    return SedEvalCounts(dict(metrics.overall), {k: dict(v) for k, v in metrics.class_wise.items()})


def _evaluated(
    name: str,
    reference: Mapping[str, Sequence[Event]],
    predicted: Mapping[str, Sequence[Event]],
    vocabulary: Sequence[str],
) -> sed_eval.sound_event.SoundEventMetrics:
    kind = "SegmentBasedMetrics" if name == "segment_1s_er" else "EventBasedMetrics"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # divisions by zero
        metrics = getattr(sed_eval.sound_event, kind)(list(vocabulary), **PARAMETERS[name])
        of_reference, of_system = _container(reference), _container(predicted)
        for clip in predicted:
            metrics.evaluate(of_reference.filter(filename=clip), of_system.filter(filename=clip))
    return metrics


def _container(events: Mapping[str, Sequence[Event]]) -> MetaDataContainer:
    return MetaDataContainer(
        [
            {
                "event_label": event.label,
                "event_onset": event.onset_ms / 1000.0,  # s
                "event_offset": event.offset_ms / 1000.0,
                "file": clip,
            }
            for clip, listed in events.items()
            for event in listed
        ]
    )
