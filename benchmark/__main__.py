"""``python -m benchmark`` is ``msbench``."""

from benchmark.cli import main

main(prog_name="msbench")
