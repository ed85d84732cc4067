"""What must be said beside published scores that do not measure the model.

Read in the submissions' code, as mirrored in hearbenchmark/hear2021-submitted-models; not run.
"""

from __future__ import annotations

from typing import Final

NOTES: Final = {
    # cvssp-panns: panns_hear/panns.py, ``torch.arange(frames_num) * 0.01``;
    # descript-marl-wav2clip: wav2clip_hear/hear.py, ``librosa.frames_to_time``.
    "seconds": (
        "The submission gave timestamps in seconds where HEAR wants milliseconds, so that all "
        "events fall into the first fraction of a second: the score says nothing about the model."
    ),
    # soundsensing-yamnet: yamnet_hear/hear2021.py multiplies by 1000, but numbers frames in steps
    # of HOP_SIZE_TIMESTAMPS = 0.05 s, while yamnet/features.py cuts patches every
    # PATCH_HOP_SECONDS = 0.48 s: the asked-for hop reaches only the batch size.
    "hop": (
        "The submission numbered its frames in steps of 50 ms though the network gives one every "
        "480 ms, so that its time axis is almost ten times too short: the score says nothing about "
        "the model. (Not the slip of seconds for milliseconds that zeroed PANNs and Wav2CLIP.)"
    ),
}
