"""Making task folders in HEAR's format from raw data sets.

There is one file per data set (``speech_commands``, ``nsynth_pitch``, ``dcase2016_task2``,
``esc50``) and per adapter for the user's own data (``class_folders``, ``label_csv``, ``event_csv``,
``jams``). Each reads a raw layout and says, as a `plan.TaskPlan`, which file becomes which clip of
which split; ``build.build_task`` then converts the audio and writes the folder.

The rules are those of hear-preprocess 2021.1.1 (github.com/hearbenchmark/hear-preprocess), whose
files each docstring names; the code is our own.
"""
