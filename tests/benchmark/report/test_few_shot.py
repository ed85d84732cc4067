from dataclasses import replace

from benchmark.report.few_shot import FewShotScore, few_shot_csv
from msssl_common.csv_tables import read_csv_table

POINT = FewShotScore(
    "ours", "pkg.ours", "scenes-v1", "top1_acc", "higher", "linear", None, 4, 5, 0.25, -0.125, 0.5
)


def test_no_label_is_a_formula_and_numbers_stay_numbers() -> None:
    label = '=HYPERLINK("http://example.org")'
    table = few_shot_csv([POINT, replace(POINT, label=label)])
    _, plain, hostile = table.splitlines()
    assert plain == "ours,pkg.ours,scenes-v1,top1_acc,higher,linear,,4,5,0.25,-0.125,0.5"
    assert not hostile.lstrip('"').startswith("=")
    assert [row["label"] for row in read_csv_table(table)] == ["ours", label]
