"""A picture of a leaderboard page's first screen, for docs/leaderboard.md and the README.

    python -m tests.bench.page_picture results/real/leaderboard.html docs/pictures/leaderboard.png

Needs Chromium.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from msssl_common.files import write_bytes

WIDTH, HEIGHT = 1400, 1379  # pixels of the page that are shown
TONES = 64  # of the palette: a page in so few looks the same and takes a third
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")


def draw(page: Path, picture: Path) -> None:
    """Write the picture of a page.

    Raises:
        RuntimeError: Chromium is not installed, or it draws nothing.
        OSError: The picture cannot be written.
    """
    browser = shutil.which("chromium")
    if browser is None:
        raise RuntimeError("install chromium: it is not on the path")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        size = f"--window-size={WIDTH},{HEIGHT}"
        command = [browser, *FLAGS, size, f"--screenshot={shot}", page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not shot.is_file():
            raise RuntimeError(f"chromium drew nothing: {done.stderr[-500:]}")
        file = io.BytesIO()
        with Image.open(shot) as image:
            few = image.convert("RGB").quantize(TONES)
            few.save(file, "PNG", optimize=True)
    write_bytes(picture, file.getvalue())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
