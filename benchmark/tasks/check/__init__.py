"""What is wrong with a task folder, all at once: ``msbench tasks check``."""
