"""``PYTHON __main__.py SOCKET [SHARED]``: answer a benchmark that lives in another process.

Requests come and replies go through the Unix socket of that file descriptor; see `wire`. Standard
output and error are the log's; prints cannot get between.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
import traceback

FOLDER = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "_msbench_worker"  # no module under test has a package of this name


def main() -> None:
    """Import this folder as a package, without the path on which others would find it too."""
    sys.path[:] = [path for path in sys.path if path != FOLDER]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(FOLDER, "__init__.py"), submodule_search_locations=[FOLDER]
    )
    assert spec and spec.loader
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[PACKAGE])
    importlib.import_module(PACKAGE + ".loop").answer_all(sys.argv[1:])


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        with contextlib.suppress(Exception):
            traceback.print_exc()
    finally:
        os._exit(1)  # a thread that the module left would hold it up
