"""Whatever the JSON and CSV files of a folder hold, the check reports and never raises."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.tasks.check.check_task import check_task
from benchmark.tasks.check.report import as_json
from tests.benchmark.tasks.check.faulty_tasks import clean_event_task, clean_scene_task

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["cat", "dog", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["label", "start", "end", "train0.wav", "a/b", ""]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KEYS = ["embedding_type", "prediction_type", "split_mode", "splits", "sample_duration"]
METADATA = st.dictionaries(st.sampled_from([*KEYS, "evaluation", "evaluation_params"]), VALUES)
CELLS = st.sampled_from(["0", "1", "7", "-1", "cat", "dog", "", '"', "\0"])
ROWS = st.lists(st.lists(CELLS, max_size=3).map(",".join), max_size=5).map("\n".join)


@pytest.mark.parametrize("make", [clean_scene_task, clean_event_task])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(metadata=METADATA, labels=VALUES, rows=ROWS)
def test_it_reports_and_never_raises(make, metadata, labels, rows) -> None:
    with TemporaryDirectory() as temporary:
        folder = make(Path(temporary) / "made")
        path = folder / "task_metadata.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | metadata))
        (folder / "train.json").write_text(json.dumps(labels))
        (folder / "labelvocabulary.csv").write_text("idx,label\n" + rows)
        found = check_task(folder, lambda done, total: None)
        assert found.findings
        assert json.loads(as_json([found]))["tasks"][0]["task"] == "made"
