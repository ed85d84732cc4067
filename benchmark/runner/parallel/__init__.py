"""Cells filled by several processes at a time: on the devices of this machine, or a cluster."""
