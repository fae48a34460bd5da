"""``POST /api/v1/backtests``: try a rule on stored history over HTTP, before it is switched on.

Who asks shows the bearer token of ``FENGSHENG_API_TOKEN``; without one the door stays shut. One
replay runs at a time, in a child process that only reads; the answer is that of
``fengsheng backtest --json``.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr, ValidationError

from listener.backtest_report import BacktestRequest
from listener.clock import Clock
from listener.errors import Temporary
from listener.operation.pages import Head, Page, Refused
from listener.workers import JsonLineWorker

logger = logging.getLogger(__name__)

PATH = "/api/v1/backtests"
MOST_BODY_BYTES = 65_536
ANSWER_WITHIN_S = 120.0
# The child is given up a little before the request is, so that the reason can still be told.
CALL_WITHIN_S = ANSWER_WITHIN_S - 5.0
TRY_AGAIN_S = 10
_SHOWN_CHARS = 80
_JSON = "application/json"

Replay = Callable[[BacktestRequest], Awaitable[dict[str, Any]]]


class BacktestReplay:
    """Has a child process replay a request; each gets a new child, which then ends."""

    def __init__(self, *, config: str, database_url: SecretStr, clock: Clock) -> None:
        """Name the configuration file and the database; both are told to the child only."""
        self._config = config
        self._database_url = database_url
        self._clock = clock

    async def __call__(self, request: BacktestRequest) -> dict[str, Any]:
        """Return what ``listener.backtest_worker`` answers; raises ``Temporary`` if it breaks."""
        worker = JsonLineWorker("listener.backtest_worker", call_timeout_s=CALL_WITHIN_S)
        try:
            found: dict[str, Any] = await worker.call(
                {
                    "config": self._config,
                    "database_url": self._database_url.get_secret_value(),
                    "now": self._clock.now().isoformat(),
                    "request": request.model_dump(mode="json", exclude_unset=True),
                }
            )
        finally:
            await worker.close()
        return found


class BacktestTaker:
    """Admits, checks and answers requests for a backtest."""

    most_bytes = MOST_BODY_BYTES
    answer_within_s = ANSWER_WITHIN_S

    def __init__(self, token: SecretStr | None, replay: Replay) -> None:
        """Answer with ``replay`` whoever shows ``token``; None refuses everybody."""
        self._token = token
        self._replay = replay
        self._is_busy = False

    def admit(self, head: Head) -> None:
        """Refuse who shows no token, what is no JSON, and a second one while one runs."""
        if self._token is None:
            raise _refused(
                HTTPStatus.FORBIDDEN, "the API is off; set FENGSHENG_API_TOKEN to switch it on"
            )
        if not _shows(self._token, head.only("authorization")):
            raise _refused(
                HTTPStatus.UNAUTHORIZED,
                "send 'Authorization: Bearer TOKEN' with the value of FENGSHENG_API_TOKEN",
                headers=(("WWW-Authenticate", 'Bearer realm="fengsheng"'),),
            )
        kind = (head.only("content-type") or "").partition(";")[0].strip().lower()
        if kind != _JSON:
            raise _refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send 'Content-Type: {_JSON}' (got {kind!r})"
            )
        self._check_free()

    async def answer(self, body: bytes) -> Page:
        """Replay what the body asks for and return the findings as JSON."""
        request = _asked(body)
        self._check_free()
        self._is_busy = True
        try:
            found = await self._replay(request)
        except Temporary as error:
            logger.warning("backtest broke off", extra={"error": str(error)})
            why = "the replay broke off or took too long; ask for fewer days or brands"
            raise _refused(HTTPStatus.SERVICE_UNAVAILABLE, why) from None
        finally:
            self._is_busy = False
        if "refused" in found:
            raise _refused(HTTPStatus.UNPROCESSABLE_ENTITY, found["refused"])
        logger.info("backtest answered", extra={"days": request.days, "sweep": request.sweep})
        return _page(HTTPStatus.OK, found["found"])

    def _check_free(self) -> None:
        if self._is_busy:
            raise _refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"another backtest is running; try again in {TRY_AGAIN_S} s",
                headers=(("Retry-After", str(TRY_AGAIN_S)),),
            )


def _shows(token: SecretStr, header: str | None) -> bool:
    """Compare in a time that tells nothing of the token, its length included."""
    scheme, _, given = (header or "").partition(" ")
    right = hashlib.sha256(token.get_secret_value().encode()).digest()
    shown = hashlib.sha256(given.strip().encode("latin-1", "replace")).digest()
    return hmac.compare_digest(right, shown) and scheme.lower() == "bearer"


def _asked(body: bytes) -> BacktestRequest:
    try:
        return BacktestRequest.model_validate_json(body)
    except ValidationError as error:
        problems = [
            {
                "field": ".".join(str(part) for part in one["loc"]) or "body",
                "value": repr(one["input"])[:_SHOWN_CHARS],
                "remedy": _remedy(one["type"], one["msg"]),
            }
            for one in error.errors(include_url=False)
        ]
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if any(one["type"] == "json_invalid" for one in error.errors()):
            status = HTTPStatus.BAD_REQUEST
        raise _refused(status, "the request cannot be used", problems=problems) from None


def _remedy(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"leave it out; known fields: {', '.join(BacktestRequest.model_fields)}"
    return message.removeprefix("Value error, ")


def _refused(
    status: HTTPStatus,
    why: str,
    *,
    problems: Sequence[dict[str, str]] = (),
    headers: Sequence[tuple[str, str]] = (),
) -> Refused:
    refusal = Refused(status, why)
    page = _page(status, {"error": why, "problems": list(problems)})
    refusal.page = Page(status=status, body=page.body, content_type=_JSON, headers=tuple(headers))
    return refusal


def _page(status: HTTPStatus, value: object) -> Page:
    body = json.dumps(value, ensure_ascii=False).encode() + b"\n"
    return Page(status=status, body=body, content_type=_JSON)
