"""``--mode fast``: the heads of a grid trained together, as one stack of matrices."""
