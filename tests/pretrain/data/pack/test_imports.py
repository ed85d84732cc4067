import subprocess
import sys


def test_a_worker_does_not_import_torch() -> None:
    """Each worker is a new process: torch would cost it seconds before its first clip."""
    asked = "import sys, pretrain.data.pack.workers; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
