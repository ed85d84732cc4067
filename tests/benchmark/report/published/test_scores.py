"""The shipped file against the leaderboard it was made of, and what it must say."""

import csv

import pytest

from benchmark.report.published import NOTES, published_scores
from benchmark.report.published.scores import FILE
from benchmark.scores import EVENT_SCORES, MINIMISED, SCENE_SCORES

TITLES = {  # column of the leaderboard: folder of hear-preprocess, without version and mode
    "Beehive": "beehive_states",
    "Beijing Opera": "beijing_opera",
    "CREMA-D": "tfds_crema_d",
    "DCASE 2016": "dcase2016_task2",
    "ESC-50": "esc50",
    "FSD50K": "fsd50k",
    "GTZAN Genre": "tfds_gtzan",
    "GTZAN Music/Speech": "tfds_gtzan_music_speech",
    "Gunshot": "gunshot_triangulation",
    "Libricount": "libricount",
    "Maestro 5h": "maestro",
    "Mridangam Stroke": "mridangam_stroke",
    "Mridangam Tonic": "mridangam_tonic",
    "NSynth Pitch 50h": "nsynth_pitch-50h",
    "NSynth Pitch 5h": "nsynth_pitch-5h",
    "Speech commands 5h": "speech_commands-5h",
    "Speech commands full": "speech_commands-full",
    "Vocal Imitation": "vocal_imitation",
    "VoxLingua107 top 10": "vox_lingua_top10",
}


def test_there_are_34_models_and_19_tasks():
    scores = published_scores()
    assert len({score.model for score in scores}) == 34
    assert len({score.task for score in scores}) == 19
    assert len({(score.model, score.task) for score in scores}) == len(scores) == 616


def test_every_task_has_one_score_that_we_know_and_that_is_better_when_larger():
    names = {(score.task, score.score) for score in published_scores()}
    assert len(names) == 19
    assert {score for _, score in names} <= {*SCENE_SCORES, *EVENT_SCORES} - MINIMISED
    assert all(0 <= score.value <= 1 for score in published_scores())


def test_cells_that_do_not_measure_the_model_say_so():
    events = ("dcase2016_task2-hear2021-full", "maestro-v3.0.0-5h")
    noted = {(score.model, score.task): score for score in published_scores() if score.note}
    assert set(noted) == {
        (model, task)
        for model in ("CVSSP PANNS", "Descript/MARL Wav2CLIP", "Soundsensing YAMNet")
        for task in events
    }
    for (model, _), score in noted.items():
        assert score.note == NOTES["hop" if model == "Soundsensing YAMNet" else "seconds"]
        assert score.value < 0.01
    # No other score of an event task is 0: a blank is no score.
    assert all(s.value > 0 or s.note for s in published_scores() if s.task in events)


def test_the_file_says_where_it_is_from():
    head = FILE.read_text("utf-8").splitlines()[:7]
    assert all(line.startswith("#") for line in head[:-1])
    assert "hearbenchmark" in "".join(head)
    assert "Apache" in "".join(head)


@pytest.mark.shared
def test_every_published_cell_is_there_unchanged(shared_data):
    ours = {}
    for score in published_scores():
        name, *_, mode = score.task.split("-")
        sized = name in ("nsynth_pitch", "speech_commands")
        ours[score.model, f"{name}-{mode}" if sized else name] = score
    with (shared_data / "published" / "hear_leaderboard.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    cells = {
        (row["Model"].strip(), TITLES[title]): (text, row)
        for row in rows
        for title, text in row.items()
        if title in TITLES and text.strip()
    }
    assert set(cells) == set(ours)
    for key, (text, row) in cells.items():
        assert ours[key].value == float(text)
        assert (ours[key].url, ours[key].submitted) == (row["URL"], row["Submission Date"])
