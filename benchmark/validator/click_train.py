"""A click train: clicks at known times show where a module's timestamps really lie.

Two clips share the same quiet noise; one has clicks. The embeddings change around each click, and
by the module's own timestamps that change must be centred on the click. How the change is centred
is read from its average over the clicks, as a function of the lag behind the click: the midpoint of
the lags at which it stays above three quarters of its maximum. A symmetric receptive field of any
width (a window of 25 ms, one of a second, a stack of convolutions) has its midpoint at lag 0, and a
causal one is charged little for its tail. The lag is taken in quarters of a minute of audio and
fitted by a line, so that a stretched or drifting axis shows as well as a shifted one.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.validator.checks_upstream import check_timestamp_grid, check_timestamp_shapes
from benchmark.validator.loaded_module import LoadedModule, ValidationError, noise
from benchmark.validator.numerics import check_finite_embeddings
from benchmark.validator.report import Report
from benchmark.validator.time_axis import check_time_axis

SECONDS = 60.0  # length of the clips
CLICK_SECONDS = 0.004
BACKGROUND = 0.001  # peak of the noise: -60 dBFS
SPACING = (1.55, 0.5)  # s; each click is about 1.9 s from the next, at least 1.5 s


def click_times() -> NDArray[np.float64]:
    """Centres of the clicks, ms.

    The golden ratio spreads them over the phases of any hop, so that a coarse module's rounding
    averages out over few clicks.
    """
    gap, extra = SPACING
    count = int((SECONDS - 2 * gap) / (gap + extra / 2))
    spread = np.mod(np.arange(count) * (np.sqrt(5) - 1) / 2, 1.0)
    starts = np.linspace(gap, SECONDS - gap - extra, count)
    return np.asarray(1000.0 * (starts + extra * spread))


def clips_without_and_with_clicks(sample_rate: int) -> tuple[Tensor, Tensor]:
    """The two clips, each float32 of shape (1, samples).

    Both have one click near the start, so that a module that scales a clip to its own peak sees
    the same peak in both.
    """
    background = BACKGROUND * noise(1, int(SECONDS * sample_rate), seed=2)
    length = max(3, round(CLICK_SECONDS * sample_rate) | 1)
    burst = 0.9 * noise(1, length, seed=3)[0].sign() * torch.hann_window(length, periodic=False)

    def add_click(audio: Tensor, centre_ms: float) -> None:
        start = round(centre_ms * sample_rate / 1000) - length // 2
        audio[0, start : start + length] += burst

    add_click(background, 300.0)
    clicked = background.clone()
    for centre in click_times():
        add_click(clicked, float(centre))
    return background, clicked


REACH = 750.0  # ms; lags looked at, either way
GROUPS = 4  # quarters of the clip, of 8 clicks each
TOLERANCE = 50.0  # ms, or one hop if longer: the collar of HEAR's note onsets


def change_around_clicks(
    timestamps: NDArray[np.float64], change: NDArray[np.float64], clicks: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean change of the embeddings as a function of the lag behind the clicks.

    Args:
        timestamps: ms, shape (timestamps,), increasing.
        change: Size of the change at each timestamp, same shape.
        clicks: ms, shape (clicks,).

    Returns:
        Lags (lags,), ms, every 5 ms within ``REACH``; mean change at each, same shape.
    """
    lags = np.arange(-REACH, REACH + 1, 5.0)
    at = clicks[:, None] + lags[None, :]
    return lags, np.asarray(np.interp(at, timestamps, change).mean(axis=0))


def lag_of_change(lags: NDArray[np.float64], change: NDArray[np.float64]) -> float | None:
    """Midpoint of the lags at which the change is above three quarters of its maximum, ms.

    None if the change does not stand out: its maximum is less than four times its lowest tenth, as
    it is for the mean of changes at random times.
    """
    if change.max() <= 4 * np.quantile(change, 0.1):
        return None
    high = lags[change >= 0.75 * change.max()]
    return float(high[0] + high[-1]) / 2


def lag_line(
    timestamps: NDArray[np.float64], change: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Lag of the time axis in the first and the last quarter of the clip, from a linear fit.

    Args:
        timestamps: ms, shape (timestamps,), increasing.
        change: Size of the change at each timestamp, same shape.

    Returns:
        Lag (ms, positive: timestamps too late) at 1/8 and at 7/8 of the clip, or None if the clicks
        do not show in any quarter.
    """
    clicks = click_times()
    # What a clip-wide normalisation changes everywhere is not the clicks' mark.
    change = np.maximum(change - np.quantile(change, 0.1), 0.0)
    inside = (clicks > timestamps[0] + REACH) & (clicks < timestamps[-1] - REACH)
    quarters = np.floor(clicks / (1000 * SECONDS / GROUPS)).astype(int)
    centres, found = [], []
    for quarter in range(GROUPS):
        group = clicks[inside & (quarters == quarter)]
        lag = (
            lag_of_change(*change_around_clicks(timestamps, change, group)) if len(group) else None
        )
        if lag is not None:
            centres.append(float(group.mean()))
            found.append(lag)
    if not found:
        return None
    if len(found) == 1:  # timestamps that end early leave no more
        return found[0], found[0]
    slope, offset = np.polyfit(centres, found, 1)
    first, last = (float(offset + slope * 1000 * SECONDS * at) for at in (1 / 8, 7 / 8))
    return first, last


def check_click_train(loaded: LoadedModule, report: Report) -> None:
    """The change that clicks make in the timestamp embeddings is centred on the clicks.

    A minute of audio also gets upstream's checks again: rounding that 4 s hide adds up here.

    Raises:
        ValidationError: if the timestamps lie off by more than 50 ms (or one hop, if longer) in the
            first or the last quarter of the clip, or an earlier check fails on a minute of audio.
    """
    lasts = report.estimate(2 * SECONDS)
    report.progress(
        f"Checking the time axis with a click train of {SECONDS} s{f' ({lasts})' if lasts else ''}"
    )
    without, with_clicks = clips_without_and_with_clicks(int(loaded.model.sample_rate))
    with report.bar("Click train", 2 * SECONDS):
        background, _ = loaded.timestamp_embeddings(without)
        clicked, timestamps = loaded.timestamp_embeddings(with_clicks)
    for embeddings in (background, clicked):
        check_timestamp_shapes(loaded, embeddings, timestamps, 1)
        check_finite_embeddings(embeddings, "get_timestamp_embeddings", f"{SECONDS} s of clicks")
    check_time_axis(timestamps, SECONDS, report)
    check_timestamp_grid(timestamps, SECONDS, report)
    times = timestamps[0].astype(np.float64)
    change = np.linalg.norm(clicked[0].astype(np.float64) - background[0], axis=-1)
    line = lag_line(times, change)
    if line is None:
        report.warn(
            "The clicks leave no mark of their own in your timestamp embeddings, so their times "
            "could not be checked: an embedding seems to see more than a second of audio."
        )
    else:
        check_lag(line, max(TOLERANCE, float(np.diff(times).mean())), report)


def check_lag(line: tuple[float, float], tolerance: float, report: Report) -> None:
    """The lags early and late in the clip are within the tolerance; past half of it warns.

    Args:
        line: From ``lag_line``, ms.
        tolerance: ms.
        report: Where progress and warnings go.

    Raises:
        ValidationError: otherwise.
    """
    first, last = line
    report.progress(f"  - Timestamps lag by {first:.0f}ms early in the clip, {last:.0f}ms late")
    largest = max(abs(first), abs(last))
    if largest <= tolerance:
        if largest > tolerance / 2:
            report.warn(
                f"Your embeddings change {largest:.0f} ms from the clicks by your timestamps: more "
                f"than half of the {tolerance:.0f} ms that pass here."
            )
        return
    if abs(last - first) <= tolerance:
        raise ValidationError(
            f"The time axis is shifted: your embeddings change {abs(first + last) / 2:.0f} ms "
            f"{'after' if first + last > 0 else 'before'} each click by your timestamps. A "
            "timestamp is the centre of the audio that its embedding describes."
        )
    raise ValidationError(
        f"The time axis drifts: by your timestamps, the embeddings change {first:+.0f} ms from the "
        f"clicks early in {SECONDS:.0f} s of audio and {last:+.0f} ms late in it. Count timestamps "
        "in whole samples of the model's real hop, not spread over the clip."
    )
