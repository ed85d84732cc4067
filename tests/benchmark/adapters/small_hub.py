"""A hub of one model on this machine, as huggingface_hub speaks to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = "someone/small-model"
LARGE = (".safetensors", ".bin")  # files that a hub names by their SHA-256


class SmallHub(ThreadingHTTPServer):
    """Serves a folder as ``MODEL``, revisions ``main`` and ``v1``; all else is not there.

    Attributes:
        asked: Files that were fetched.
        broken: Whether files arrive with a wrong byte.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.asked: list[str] = []
        self.broken = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: SmallHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *arguments: object) -> None:
        pass

    def _answer(self, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/models/"):
            self._api(path.removeprefix("/api/models/"))
            return
        name, _, place = path.removeprefix("/").partition("/resolve/")
        revision, _, file = place.partition("/")
        if name != MODEL or revision not in ("main", "v1", COMMIT):
            self._refuse("RepoNotFound" if name != MODEL else "RevisionNotFound")
            return
        content = (self.server.folder / file).read_bytes()
        etag = hashlib.sha256(content).hexdigest()
        if with_body:
            self.server.asked.append(file)
            if self.server.broken and file.endswith(LARGE):
                content = content[:-1] + bytes([content[-1] ^ 1])
        self._send(content, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, with_body)

    def _api(self, path: str) -> None:
        if "gated" in path:
            self._refuse("GatedRepo", 403)
        elif not path.startswith(MODEL):
            self._refuse("RepoNotFound", 401)
        elif "/tree/" in path:
            self._json([self._entry(file) for file in sorted(self.server.folder.iterdir())])
        elif "/revision/" in path and not path.endswith(("/main", "/v1", COMMIT)):
            self._refuse("RevisionNotFound")
        else:
            self._json({"id": MODEL, "modelId": MODEL, "sha": COMMIT, "siblings": []})

    def _entry(self, file: Path) -> dict[str, object]:
        size, digest = file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest()
        entry = {"type": "file", "path": file.name, "size": size, "oid": digest[:40]}
        if file.name.endswith(LARGE):
            entry["lfs"] = {"oid": digest, "size": size, "pointerSize": 130}
        return entry

    def _json(self, value: object) -> None:
        self._send(json.dumps(value).encode(), {"Content-Type": "application/json"}, True)

    def _refuse(self, code: str, status: int = 404) -> None:
        self._send(b"{}", {"X-Error-Code": code, "X-Error-Message": code}, True, status)

    def _send(
        self, content: bytes, headers: dict[str, str], with_body: bool, status: int = 200
    ) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(content)


@contextmanager
def running(folder: Path) -> Iterator[SmallHub]:
    """A hub that serves the folder."""
    with SmallHub(folder) as hub:
        thread = Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()
