"""Random event lists, and what sed_eval itself says of them."""

import warnings
from collections import ChainMap

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import sed_eval
    from dcase_util.containers import MetaDataContainer

from benchmark.embeddings import Event

LABELS = ("bark", "clap", "knock")


def random_events(rng, clips, per_clip, length_s=10.0):
    """Events with overlaps; times on a 50 ms raster half the time, so that ties abound."""
    events = {}
    for clip in clips:
        count = int(rng.integers(0, per_clip + 1))
        onset = rng.uniform(0, length_s * 1000, count)
        duration = rng.choice([0.0, 50.0, 400.0, 1500.0], count) * rng.choice([1.0, 0.7], count)
        if rng.random() < 0.5:
            onset, duration = np.round(onset / 50) * 50, np.round(duration / 50) * 50
        labels = rng.choice(LABELS, count)
        rows = zip(labels, onset, onset + duration, strict=True)
        events[clip] = [Event(str(label), float(a), float(b)) for label, a, b in rows]
    return events


def jittered(rng, events):
    """A system's answer to ``events``: some missed, some moved, some relabelled, some invented."""
    answer = {}
    for clip, reference in events.items():
        kept = [event for event in reference if rng.random() < 0.8]
        shift = rng.choice([0.0, 50.0, -50.0, 200.0, -200.0, 31.7], (len(kept), 2))
        answer[clip] = [
            Event(
                e.label if rng.random() < 0.9 else str(rng.choice(LABELS)),
                max(0.0, e.onset_ms + s[0]),
                max(0.0, e.onset_ms + s[0], e.offset_ms + s[1]),
            )
            for e, s in zip(kept, shift, strict=True)
        ]
        answer[clip] += random_events(rng, [clip], 4, length_s=14.0)[clip]
    return answer


def sed_eval_scores(metrics_class, reference, predicted, labels=LABELS, **parameters):
    """Overall scores of sed_eval, fed as heareval.score feeds it: clip by clip, in seconds."""

    def container(events):
        return MetaDataContainer(
            [
                {
                    "event_label": event.label,
                    "event_onset": event.onset_ms / 1000.0,
                    "event_offset": event.offset_ms / 1000.0,
                    "file": clip,
                }
                for clip, listed in events.items()
                for event in listed
            ]
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metrics = getattr(sed_eval.sound_event, metrics_class)(list(labels), **parameters)
        ref, pred = container(reference), container(predicted)
        for clip in predicted:
            metrics.evaluate(ref.filter(filename=clip), pred.filter(filename=clip))
        return dict(ChainMap(*metrics.results_overall_metrics().values()))
