"""``msbench run --tracker``: finished cells as runs of MLflow or Weights & Biases."""
