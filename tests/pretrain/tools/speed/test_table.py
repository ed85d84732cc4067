import json
from pathlib import Path

from msssl_common.report import write_report
from pretrain.tools.speed.authors import AuthorsCost
from pretrain.tools.speed.rounds import ENCODER, PIPELINE, STEP, Findings
from pretrain.tools.speed.table import Setting, notes, rows, throughput_report

SETTING = Setting("multi", "8 clips, 0.01 h, in memory", 192, 1000, "cpu", "32-true", False, 1.5)
FOUND = Findings(
    {PIPELINE: [0.048, 0.064, 0.096], ENCODER: [1.92, 1.6, 1.92], STEP: [2.4, 1.92, 2.0]},
    [AuthorsCost(0.0, 0.006, 0.003), AuthorsCost(0.0, 0.006, 0.003)],
)


def test_cells_by_hand() -> None:
    cells = {row[0]: row[1:] for row in rows(SETTING, FOUND)}
    # 192 crops in 64 ms; shares of 2.5, 4 and 5 %.
    assert cells["pipeline: crop, mix, noise, shift, log-mel"] == (
        "3,000",
        "2,000 to 4,000",
        "0.333",
        "4.0% of the encoder",
    )
    assert cells["whole step"][:2] == ("96", "80 to 100")
    one, with_mel, all_three = list(cells)[3:]
    assert cells[one][0] == "500" and cells[one][3] == "ours 6.0 times"  # 3 crops in 6 ms
    assert cells[with_mel][0] == "333" and cells[with_mel][3] == "ours 9.0 times"
    assert cells[all_three][0] == "143" and cells[all_three][3] == "ours 21.0 times"  # 21 ms
    assert len(rows(SETTING, Findings(FOUND.seconds))) == 3


def test_files_hold_the_table_and_every_run(tmp_path: Path) -> None:
    for name in ("table.md", "table.json"):
        write_report(throughput_report(SETTING, FOUND), tmp_path / name)
    text = (tmp_path / "table.md").read_text()
    assert "| whole step | 96 |" in text and all(note in text for note in notes(SETTING, FOUND))
    facts = json.loads((tmp_path / "table.json").read_text())
    assert facts["seconds_per_step"] == FOUND.seconds and facts["setting"]["crops"] == 192
    assert facts["authors_seconds_per_clip"][0]["shift"] == 0.006
