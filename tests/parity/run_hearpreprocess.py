"""Runs hearpreprocess 2021.1.1, unmodified, on archives that lie here instead of on the web.

Inside the hearpreprocess environment: ``python run_hearpreprocess.py TASK MODE RATE FOLDER``, where
FOLDER has an ``archives.json`` with the task's ``download_urls``, file names in place of URLs. The
task folder is made in ``FOLDER/tasks``.
"""

import copy
import functools
import hashlib
import importlib.util
import json
import os
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import hearpreprocess.pipeline as pipeline


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


def load(name: str) -> ModuleType:
    """A task's module, by its file: importing the secret tasks' package would need TensorFlow."""
    file = Path(pipeline.__file__).parent / f"{name.replace('.', '/')}.py"
    spec = importlib.util.spec_from_file_location(name.rpartition(".")[2], file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(module_name: str, mode: str, rate: int, folder: Path) -> None:
    module = load(module_name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # As runner.py makes it; only the URLs are others.
    config = copy.deepcopy(module.generic_task_config)
    config.update(config["modes"][mode])
    del config["modes"]
    config.update(tmp_dir=str(folder / "work"), mode=mode)
    folds = [f"fold{index:02d}" for index in range(config.get("nfolds", 0))]
    config["splits"] = folds or pipeline.SPLITS
    config["download_urls"] = [
        {
            **archive,
            "url": f"http://127.0.0.1:{server.server_port}/{archive['url']}",
            "md5": hashlib.md5((folder / archive["url"]).read_bytes()).hexdigest(),
        }
        for archive in json.loads((folder / "archives.json").read_text())
    ]
    os.chdir(folder)  # a log file goes into the working folder
    (folder / "tasks").mkdir()
    task = pipeline.FinalCombine(
        sample_rates=[rate],
        tasks_dir=str(folder / "tasks"),
        metadata_task=module.extract_metadata_task(config),
        task_config=config,
    )
    pipeline.run(task, num_workers=1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]).resolve())
