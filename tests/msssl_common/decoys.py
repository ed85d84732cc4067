"""A user's files that bear the names of our packages."""

from pathlib import Path

DECOY = "raise SystemExit('a decoy of the working folder was run')\n"


def write_decoys(folder: Path) -> None:
    """Write a module or package of each of our names; to import one ends the program."""
    for name in ("benchmark", "msssl_common"):
        (folder / f"{name}.py").write_text(DECOY)
    for name in ("pretrain", "msssl_hear"):
        (folder / name).mkdir()
        for file in ("__init__", "__main__"):
            (folder / name / f"{file}.py").write_text(DECOY)
