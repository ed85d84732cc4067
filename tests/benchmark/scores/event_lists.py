"""Random event lists of several kinds: a reference and a system's answer to it.

A kind is a function of a random generator that gives ``(reference, predicted, vocabulary)``.
"""

from benchmark.events.table import Event

LABELS = ("bark", "clap", "knock")
CLIPS = ("a.wav", "b.wav", "c.wav")


def random_events(rng, clips, per_clip, length_s=10.0, labels=LABELS):
    """Events with overlaps; times on a 50 ms raster half the time, so that ties abound."""
    events = {}
    for clip in clips:
        count = int(rng.integers(0, per_clip + 1))
        onset = rng.uniform(0, length_s * 1000, count)
        duration = rng.choice([0.0, 50.0, 400.0, 1500.0], count) * rng.choice([1.0, 0.7], count)
        if rng.random() < 0.5:
            onset, duration = (onset / 50).round() * 50, (duration / 50).round() * 50
        chosen = rng.choice(labels, count)
        rows = zip(chosen, onset, onset + duration, strict=True)
        events[clip] = [Event(str(label), float(a), float(b)) for label, a, b in rows]
    return events


def jittered(rng, events, labels=LABELS):
    """A system's answer to ``events``: some missed, some moved, some relabelled, some invented."""
    answer = {}
    for clip, reference in events.items():
        kept = [event for event in reference if rng.random() < 0.8]
        shift = rng.choice([0.0, 50.0, -50.0, 200.0, -200.0, 31.7], (len(kept), 2))
        answer[clip] = [
            Event(
                e.label if rng.random() < 0.9 else str(rng.choice(labels)),
                max(0.0, e.onset_ms + s[0]),
                max(0.0, e.onset_ms + s[0], e.offset_ms + s[1]),
            )
            for e, s in zip(kept, shift, strict=True)
        ]
        answer[clip] += random_events(rng, [clip], 4, length_s=14.0, labels=labels)[clip]
    return answer


def plain(rng):
    clips = CLIPS[: int(rng.integers(1, 4))]
    reference = random_events(rng, clips, per_clip=12)
    return reference, jittered(rng, reference), LABELS


def crowded(rng):
    """Unrelated lists in which events of a class overlap each other many times."""
    reference = random_events(rng, CLIPS[:2], per_clip=30, length_s=4.0)
    return reference, random_events(rng, CLIPS[:2], per_clip=40, length_s=4.0), LABELS


def tied(rng):
    """A handful of distinct times, so that many pairs are equally near or exactly a collar away."""

    def events(count):
        onset = rng.choice([1000.0, 1050.0, 1200.0, 1250.0, 2000.0], count)
        offset = onset + rng.choice([0.0, 250.0, 1000.0], count)
        labels = rng.choice(LABELS[:2], count)
        return [
            Event(str(c), float(a), float(b)) for c, a, b in zip(labels, onset, offset, strict=True)
        ]

    reference = {clip: events(int(rng.integers(0, 9))) for clip in CLIPS}
    return reference, {clip: events(int(rng.integers(0, 12))) for clip in CLIPS}, LABELS


def empty_clips(rng):
    """Clips without any reference, without any answer, or without both."""
    reference = random_events(rng, CLIPS, per_clip=5)
    answer = jittered(rng, reference)
    for events in (reference, answer):
        for clip in CLIPS:
            if rng.random() < 0.5:
                events[clip] = []
    return reference, answer, LABELS


def beyond_the_end(rng):
    """Answers that begin or end long after every reference."""
    reference = random_events(rng, CLIPS[:2], per_clip=6, length_s=5.0)
    answer = jittered(rng, reference)
    for clip in answer:
        answer[clip] = [
            event._replace(offset_ms=event.offset_ms + float(rng.choice([0.0, 7300.0, 60000.0])))
            for event in answer[clip]
        ]
        answer[clip].append(Event("clap", 61000.0, 61000.0 + float(rng.uniform(0, 3000))))
    return reference, answer, LABELS


def rare_classes(rng):
    """A vocabulary of which most classes are in neither list, or in one only."""
    vocabulary = tuple(f"class {index}" for index in range(20))  # with a space in each
    reference = random_events(rng, CLIPS, per_clip=4, labels=vocabulary[::3])
    return reference, jittered(rng, reference, vocabulary[::2]), vocabulary


KINDS = (plain, crowded, tied, empty_clips, beyond_the_end, rare_classes)
