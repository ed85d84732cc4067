"""What this benchmark costs beside hear-eval-kit and sed_eval: ``msbench bench``."""
