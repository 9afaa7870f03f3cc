"""A RAG service under the test's control, asked over real HTTP: it answers as told and notes what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT_SECONDS = 60


@dataclass(frozen=True)
class Asked:
    """One request that came: `number` counts from 0."""

    number: int
    path: str
    headers: Mapping[str, str]
    body: Any

    @property
    def is_list(self) -> bool:
        return isinstance(self.body, list)

    @property
    def question(self) -> str:
        return str(self.body["body"])


@dataclass(frozen=True)
class Reply:
    """An answer that is not just JSON; `body` is bytes as they are sent, anything else as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answer_to(question: str) -> dict[str, Any]:
    """Return what the service answers to a question if it is told nothing else."""
    return {"body": f"Ответ на: {question}", "docs": [{"id": "d-91", "title": "Тарифы", "score": 0.83, "rank": 1}]}


def as_usual(asked: Asked) -> Any:
    """Answer each question, a list of them with a list."""
    if asked.is_list:
        return {"answers": [answer_to(request["body"]) for request in asked.body]}
    return answer_to(asked.question)


class Rag:
    """The service. `answer` is called in a thread of each request's own, so that it may wait; set it to what is wanted.

    `asked` are all requests in the order they came, also those that nobody waited for in the end.
    """

    def __init__(self, port: int) -> None:
        self.answer: Callable[[Asked], Any] = as_usual
        self.asked: list[Asked] = []
        self.base = f"http://127.0.0.1:{port}"
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)

    @property
    def bench_url(self) -> str:
        return f"{self.base}/bench"

    @property
    def backend_url(self) -> str:
        return f"{self.base}/backend"

    @property
    def questions(self) -> list[str]:
        """The single questions asked so far."""
        return [asked.question for asked in self.asked if not asked.is_list]

    def note(self, path: str, headers: Mapping[str, str], body: Any) -> Asked:
        with self._came:
            asked = Asked(len(self.asked), path, headers, body)
            self.asked.append(asked)
            self._came.notify_all()
        return asked

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.asked) >= count, WAIT_SECONDS), f"{len(self.asked)} came"


@contextmanager
def rag_service() -> Iterator[Rag]:
    """Run a service on a loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked = rag.note(self.path, dict(self.headers.items()), body)
            told = rag.answer(asked)
            reply = told if isinstance(told, Reply) else Reply(body=told)
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            with suppress(ConnectionError):  # whoever asked may be gone
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    rag = Rag(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield rag
    finally:
        server.shutdown()
        server.server_close()
        thread.join(WAIT_SECONDS)
