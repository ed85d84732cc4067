from pathlib import Path

import pytest

from tests.bench.filled_page import fill_page


def test_what_is_between_the_marks_is_replaced_and_nothing_else(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("# A\n<!-- a -->\nold\n<!-- /a -->\n<!-- b -->\n<!-- /b -->\nend\n")
    fill_page(page, "a", ["| \\1 |", "new"])
    fill_page(page, "b", ["there"])
    assert page.read_text() == (
        "# A\n<!-- a -->\n| \\1 |\nnew\n<!-- /a -->\n<!-- b -->\nthere\n<!-- /b -->\nend\n"
    )


@pytest.mark.parametrize("places", [0, 2])
def test_a_page_needs_one_place(tmp_path: Path, places: int):
    page = tmp_path / "page.md"
    page.write_text("<!-- a -->\n<!-- /a -->\n" * places)
    with pytest.raises(ValueError, match=f"page.md has {places} places <!-- a --> ... <!-- /a -->"):
        fill_page(page, "a", ["x"])
