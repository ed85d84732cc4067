"""``python -m pretrain``, and ``torchrun -m pretrain``: the same as ``mspretrain``."""

from pretrain.cli import main

main(prog_name="mspretrain")
