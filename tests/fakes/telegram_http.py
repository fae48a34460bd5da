"""The HTTP side of the Telegram server for tests: a threading server on loopback."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.fakes.telegram_api import BotApi
from tests.fakes.telegram_body import read_body
from tests.fakes.telegram_trouble import How, Trouble, Troubles
from tests.fakes.telegram_types import ApiError, Call, Json

MAX_BODY_BYTES = 50 * 1024 * 1024
STOP_WAIT_S = 10.0

_PATH = re.compile(r"/bot([^/]+)/([^/]+)")
_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_GARBAGE = b'{"ok":true,"result":{"mess\xff'


class Service(ThreadingHTTPServer):
    """Owns the sockets and threads; ``stop`` leaves none behind."""

    daemon_threads = True
    request_queue_size = 128
    page: "Callable[[Handler, bytes], bool] | None" = None

    def __init__(
        self,
        port: int,
        *,
        token: str,
        api: BotApi,
        troubles: Troubles,
        changed: threading.Condition,
    ) -> None:
        """Listen on a loopback port; ``changed`` is told of every finished call."""
        self.token = token
        self.api = api
        self.troubles = troubles
        self.stopping = threading.Event()
        self.failures: list[BaseException] = []
        self.calls: list[Call] = []
        self._changed = changed
        self._open: dict[threading.Thread, socket.socket] = {}
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)
        self._accepting = threading.Thread(
            target=self.serve_forever, args=(0.02,), name="fake-telegram", daemon=True
        )

    def server_bind(self) -> None:
        """Bind without the name lookup that HTTPServer makes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def start(self) -> None:
        """Accept connections in a thread of its own."""
        self._accepting.start()

    def stop(self) -> None:
        """Cut every connection and wait for every thread."""
        self.stopping.set()
        self.shutdown()
        self._accepting.join(STOP_WAIT_S)
        with self._open_lock:
            left = dict(self._open)
        for connection in left.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in left:
            thread.join(STOP_WAIT_S)
        self.server_close()
        if stuck := [thread.name for thread in left if thread.is_alive()]:
            raise AssertionError(f"threads of the Telegram server did not end: {stuck}")

    def process_request(self, request: Any, client_address: object) -> None:
        """Serve a connection in a thread, remembered so that ``stop`` can cut it."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._open_lock:
            self._open[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: object) -> None:
        """Serve one connection until it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._open_lock:
                del self._open[threading.current_thread()]

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet about broken connections; defects of the server go to ``failures``."""

    def log(self, call: Call) -> None:
        """Remember a call and wake those who wait for one."""
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # Head and body leave in one packet.
    server: Service

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def version_string(self) -> str:
        return "nginx"

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: the call log of the server is the record."""

    def _serve(self) -> None:
        at_s = time.monotonic()
        try:
            body = self._body()
            if body is None:
                return
            target = urlsplit(self.path)
            path = _PATH.fullmatch(unquote(target.path))
            if path is None:
                if self.server.page is None or not self.server.page(self, body):
                    self._refuse(ApiError(404, "Not Found"))
            elif path[1] != self.server.token:
                self.server.log(Call(path[2], {}, 401, "Unauthorized", at_s))
                self._refuse(ApiError(401, "Unauthorized"))
            else:
                self._call(path[2], target.query, body, at_s)
        except OSError:
            self.close_connection = True  # The client went away or the server stops.
        except Exception as error:
            self.server.failures.append(error)
            self._refuse(ApiError(500, f"Internal Server Error: {error!r}"))

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") is not None or not length.isdigit():
            self.close_connection = True
            self._refuse(ApiError(411, "Length Required"))
            return None
        if int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._refuse(ApiError(413, "Request Entity Too Large"))
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionError("the client went away in the middle of its request")
        return body

    def _call(self, method: str, query: str, body: bytes, at_s: float) -> None:
        outcome = self._outcome(method, query, body, at_s)
        if outcome.trouble is not None:
            self._misbehave(outcome, outcome.trouble)
        if method == "getUpdates" and outcome.status and self._is_client_gone():
            outcome.status, outcome.description = 499, "the client had gone"
        shown = {name: each for name, each in outcome.params.items() if name not in outcome.files}
        self.server.log(
            Call(
                method,
                shown,
                outcome.status,
                outcome.description,
                at_s,
                result=outcome.result,
                files=outcome.files,
                trouble=outcome.trouble.how.value if outcome.trouble else None,
            )
        )
        if outcome.status in {0, 499}:
            self.close_connection = True
            return
        self.respond(outcome.status, outcome.payload, outcome.kind, outcome.headers)

    def _outcome(self, method: str, query: str, body: bytes, at_s: float) -> "_Outcome":
        """Read the request, see whether it meets trouble, and carry it out unless that forbids."""
        outcome, api, troubles = _Outcome(), self.server.api, self.server.troubles
        try:
            content_type = self.headers.get("Content-Type", "")
            outcome.params, outcome.files = read_body(content_type, body, query)
            outcome.params = api.read(method, outcome.params, outcome.files)
            outcome.trouble = troubles.meet(method, outcome.params, at_s)
            if outcome.trouble is None or outcome.trouble.is_processed:
                outcome.result = api.run(method, outcome.params, outcome.files)
                troubles.note(method, outcome.params, at_s)
            outcome.payload = json.dumps({"ok": True, "result": outcome.result}).encode()
        except ApiError as error:
            outcome.status, outcome.description = error.code, error.description
            outcome.payload = _refusal(error)
            if "retry_after" in error.parameters:
                outcome.headers["Retry-After"] = str(error.parameters["retry_after"])
        return outcome

    def _misbehave(self, outcome: "_Outcome", trouble: Trouble) -> None:
        """Replace the answer by what the trouble makes of it."""
        if trouble.how is How.SLOW:
            self.server.stopping.wait(trouble.seconds)
            return
        outcome.description = trouble.how.value
        if trouble.how in {How.CUT_BEFORE, How.CUT_AFTER}:
            outcome.status = 0
        elif trouble.how is How.BAD_GATEWAY:
            outcome.status, outcome.payload, outcome.kind = 502, _GATEWAY_PAGE, "text/html"
        elif trouble.how is How.SERVER_ERROR:
            outcome.status = 500
            outcome.payload = _refusal(ApiError(500, "Internal Server Error"))
        elif trouble.how is How.GARBAGE:
            outcome.status, outcome.payload = 200, _GARBAGE

    def _is_client_gone(self) -> bool:
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _refuse(self, error: ApiError) -> None:
        self.respond(error.code, _refusal(error), "application/json")

    def respond(
        self, status: int, payload: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        """Send one complete answer."""
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(payload)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)
            self.wfile.flush()
        except OSError:
            self.close_connection = True


@dataclass(slots=True)
class _Outcome:
    """What one call comes to while it passes through the handler."""

    params: Json = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    trouble: Trouble | None = None
    status: int = 200
    description: str = "OK"
    result: object = None
    payload: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def _refusal(error: ApiError) -> bytes:
    found: Json = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        found["parameters"] = error.parameters
    return json.dumps(found).encode()
