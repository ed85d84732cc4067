"""A local HTTP server that can cut connections, lie, refuse and go round in circles."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Behaviour:
    """How the server answers, to be changed between and during requests.

    Attributes:
        files: Path (with its slash) -> bytes.
        ranges: Whether it honours Range.
        etags: Whether it sends ETags, and honours If-Range.
        weak_etags: Whether its ETags begin with W/.
        cut_after: Bytes after which each answer's connection is closed; None for no cut.
        cut_at: The same, another number of bytes for each answer.
        cuts: How many answers are cut before they are left whole; None for all.
        length_lie: Added to every Content-Length.
        total_lie: Added to the total of every Content-Range.
        shift: Added to the first byte of every range that it sends.
        no_length: Whether it leaves out Content-Length.
        statuses: Statuses for the next requests, before anything is served.
        retry_after: Retry-After of those statuses.
        redirect: Where it sends everyone; None for nowhere.
        halt_half_way: Waited for in the middle of each archive, so that a test can kill there.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etags: bool = True
    weak_etags: bool = False
    cut_after: int | None = None
    cut_at: Iterator[int] | None = None
    cuts: int | None = None
    length_lie: int = 0
    total_lie: int = 0
    shift: int = 0
    no_length: bool = False
    statuses: list[int] = field(default_factory=list)
    retry_after: str | None = None
    redirect: str | None = None
    halt_half_way: threading.Event | None = None


class Server(http.server.ThreadingHTTPServer):
    """The server; it keeps path and Range header of each request, "" for none, and If-Range."""

    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour
        self.requests: list[tuple[str, str]] = []
        self.validators: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def ranges(self) -> list[str]:
        return [wanted for _, wanted in self.requests]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        how = self.server.behaviour
        wanted = self.headers.get("Range", "")
        self.server.requests.append((self.path, wanted))
        self.server.validators.append(self.headers.get("If-Range"))
        if how.statuses:
            self._refuse(how.statuses.pop(0))
        elif how.redirect is not None:
            self._redirect(how.redirect)
        elif self.path not in how.files:
            self._refuse(404)
        else:
            self._serve(how.files[self.path], wanted)

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        if self.server.behaviour.retry_after is not None:
            self.send_header("Retry-After", self.server.behaviour.retry_after)
        self.end_headers()

    def _redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.end_headers()

    def _serve(self, content: bytes, wanted: str) -> None:
        how = self.server.behaviour
        tag = f'"{hash(content)}"'
        tag = f"W/{tag}" if how.weak_etags else tag
        changed = self.headers.get("If-Range", tag) != tag
        partial = bool(wanted) and how.ranges and not changed
        first = int(wanted[6:-1]) if partial else 0
        if partial and first >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            return
        body = content[first:]
        self.send_response(206 if partial else 200)
        if partial:
            start, total = first + how.shift, len(content) + how.total_lie
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{total}")
        if how.etags:
            self.send_header("ETag", tag)
        if not how.no_length:
            self.send_header("Content-Length", str(len(body) + how.length_lie))
        self.end_headers()
        self._send(body)

    def _send(self, body: bytes) -> None:
        how = self.server.behaviour
        if how.cut_at is not None:
            body = body[: next(how.cut_at)]
        if how.cut_after is not None and how.cuts != 0:
            how.cuts = None if how.cuts is None else how.cuts - 1
            body = body[: how.cut_after]
        if how.halt_half_way is not None and self.path.endswith("/content"):
            self.wfile.write(body[: len(body) // 2])
            how.halt_half_way.wait(30)
            body = body[len(body) // 2 :]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Server]:
    with Server(behaviour) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients may die
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def zenodo_record(base: str, files: dict[str, tuple[int, str]]) -> bytes:
    """A record in the form of Zenodo's API: name -> size and MD5."""
    return json.dumps(
        {
            "id": 1,
            "files": [
                {
                    "id": name,
                    "key": name,
                    "size": size,
                    "checksum": f"md5:{digits}",
                    "links": {"self": f"{base}/files/{name}/content"},
                }
                for name, (size, digits) in files.items()
            ],
        }
    ).encode()
