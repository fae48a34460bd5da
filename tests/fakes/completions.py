"""A language service on loopback: strict about what it is asked, and able to misbehave."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Reply = Callable[[str], str]


class FakeCompletions:
    """Answers ``/v1/chat/completions`` with what ``reply`` makes of the user's message.

    ``raw`` instead is sent as it stands with ``status``; ``holds`` keeps the answer back until the
    server closes. A request that the protocol does not allow gets a 400.
    """

    def __init__(self, reply: Reply = str, *, key: str | None = None) -> None:
        self.reply = reply
        self.raw: bytes | None = None
        self.status = 200
        self.holds = False
        self.requests: list[dict[str, Any]] = []
        self._closing = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                fake.requests.append(body)
                problem = _problem(self, body, key)
                if problem is not None:
                    self._send(400, json.dumps({"error": {"message": problem}}).encode())
                    return
                if fake.holds:
                    fake._closing.wait(30)
                if fake.raw is not None:
                    self._send(fake.status, fake.raw)
                    return
                content = fake.reply(body["messages"][-1]["content"])
                message = {"role": "assistant", "content": content}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                self._send(fake.status, json.dumps({"choices": [choice]}).encode())

            def _send(self, status: int, body: bytes) -> None:
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    return  # whoever asked has gone

            def log_message(self, *_arguments: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _problem(handler: BaseHTTPRequestHandler, body: dict[str, Any], key: str | None) -> str | None:
    if handler.path != "/v1/chat/completions":
        return f"no such path {handler.path}"
    if key is not None and handler.headers.get("Authorization") != f"Bearer {key}":
        return "wrong key"
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "model is missing"
    roles = [one.get("role") for one in body.get("messages", [])]
    if roles != ["system", "user"]:
        return f"unexpected roles {roles}"
    return None
