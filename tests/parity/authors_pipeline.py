"""Times the authors' input pipeline with librosa; ``mspretrain bench --authors`` runs it.

    python authors_pipeline.py CLIPS.npz NUMBER

Written from the description of their collate function, with what it computes and no more: per clip
two random crops, noise on the second, and the first shifted in pitch by a factor 1 + r, r uniform
in [-0.2, 0.2] (by 12 log2(1 + r) semitones, which their code meant). Then the log-mel of the three,
by librosa, with filters made once. Prints processor seconds as one line of JSON.
"""

import json
import sys
import time

import librosa
import numpy as np

RATE = 16_000
CROP = 15_360  # 0.96 s, as ours
NOISE = 0.001
FILTERS = librosa.filters.mel(sr=RATE, n_fft=400, n_mels=64, fmin=60, fmax=7800)


def crop(wave: np.ndarray, random: np.random.Generator) -> np.ndarray:
    start = random.integers(0, len(wave) - CROP)
    return wave[start : start + CROP].astype(np.float32)


def shift(wave: np.ndarray, random: np.random.Generator) -> np.ndarray:
    semitones = 12 * np.log2(1 + random.uniform(-0.2, 0.2))
    return librosa.effects.pitch_shift(wave, sr=RATE, n_steps=semitones)


def log_mel(wave: np.ndarray) -> np.ndarray:
    power = np.abs(librosa.stft(wave, n_fft=400, hop_length=160)) ** 2
    return np.log(FILTERS @ power + 1e-7)


def measure(clips: list[np.ndarray], random: np.random.Generator) -> dict[str, float]:
    seconds = {"crop": 0.0, "shift": 0.0, "log_mel": 0.0}
    for wave in clips:
        started = time.process_time()
        anchor, positive = crop(wave, random), crop(wave, random)
        positive += NOISE * random.standard_normal(CROP, dtype=np.float32)
        cropped = time.process_time()
        shifted = shift(anchor, random)
        moved = time.process_time()
        for each in (anchor, positive, shifted):
            log_mel(each)
        ended = time.process_time()
        seconds["crop"] += cropped - started
        seconds["shift"] += moved - cropped
        seconds["log_mel"] += ended - moved
    return seconds


def main() -> None:
    path, number = sys.argv[1], int(sys.argv[2])
    file = np.load(path, allow_pickle=False)
    waves = np.split(file["samples"].astype(np.float32) / 32768, file["offsets"][1:-1])
    random = np.random.default_rng(0)
    measure(waves[:2], random)  # librosa's first calls import and compile
    clips = [waves[index % len(waves)] for index in range(number)]
    print(json.dumps(measure(clips, random)))


if __name__ == "__main__":
    main()
