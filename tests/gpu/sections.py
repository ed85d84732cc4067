"""The parts of a run on a GPU, the most valuable first, each with the time that it may take.

What comes last is left out where the time is over. ``tests.gpu.child`` has what each one does.
"""

SECONDS = {
    "steps": 110.0,  # a hundred kernels are compiled for the first time
    "training": 60.0,
    "embeddings": 60.0,
    "embedding": 40.0,
    "heads": 60.0,
    "pitch branch": 60.0,
    "training as it was": 60.0,
    "recipes": 50.0,
    "heads' scores": 40.0,
    "embedding from files": 60.0,
    "resume": 30.0,
    "runs from files": 60.0,
    "training, the rest": 90.0,
    "heads of exact mode": 120.0,
}
