import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.bench.page_picture import HEIGHT, WIDTH, draw


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_the_picture_is_of_the_page(tmp_path: Path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text('<body style="margin: 0; background: rgb(0, 0, 255)">')
    draw(page, picture)
    with Image.open(picture) as image:
        seen = np.asarray(image.convert("RGB"))
    assert seen.shape == (HEIGHT, WIDTH, 3)
    assert (seen == (0, 0, 255)).all()


def test_a_machine_without_chromium_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="install chromium"):
        draw(tmp_path / "page.html", tmp_path / "page.png")
