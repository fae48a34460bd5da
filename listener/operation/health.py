"""Judges a snapshot: healthy, or what is wrong and for how long. Pure functions.

The limits are those of docs/operation.md. They tell what a person should look at; one failing
source or one failed attempt is daily business and no reason to wake anybody.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from listener import __version__
from listener.operation.board import LoopState, Snapshot
from listener.store.records import SourceHealth
from listener.store.sources import is_overdue, is_stopped

# Seconds a loop may owe a step that was asked for. Crawling, noticing and answering take
# milliseconds to seconds; scoring waits for its model, delivery for the chat's pace, polling for
# the chat itself, and tidying for whoever is more urgent.
LAG_LIMITS_S: Mapping[str, float] = {
    "crawl": 120.0,
    "score": 600.0,
    "notice": 300.0,
    "respond": 120.0,
    "follow": 120.0,
    "deliver": 300.0,
    "poll": 300.0,
    "presence": 120.0,
    "tidy": 3_600.0,
}
LIVE_WAIT_LIMIT_S = 600.0
UNSENT_LIMIT_S = 300.0


class SourceState(StrEnum):
    """How one source is doing."""

    OK = "ok"
    NEW = "new"
    FAILING = "failing"
    OVERDUE = "overdue"
    STOPPED = "stopped"


_BLIND = frozenset({SourceState.FAILING, SourceState.OVERDUE, SourceState.STOPPED})


def lag_limit_s(loop: str) -> float:
    """Return how many seconds a loop may owe a step; ``score-2`` is a second ``score``."""
    return LAG_LIMITS_S[loop.partition("-")[0]]


def stuck_loops(loops: Mapping[str, LoopState]) -> list[str]:
    """Return the loops whose running step has taken longer than it ever should.

    Only these are a reason to restart the service: a step that fails is tried again, and a
    restart does not bring back a chat or a database that is down.
    """
    return [name for name, loop in loops.items() if loop.step_s > lag_limit_s(name)]


def source_state(source: SourceHealth, now: datetime) -> SourceState:
    """Return how a source is doing, in one word."""
    if is_stopped(source):
        return SourceState.STOPPED
    if source.failures_in_row:
        return SourceState.FAILING
    if is_overdue(source, now):
        return SourceState.OVERDUE
    return SourceState.OK if source.last_success_at is not None else SourceState.NEW


def source_states(snapshot: Snapshot) -> dict[str, SourceState]:
    """Return the state of every enabled source by its key."""
    census = snapshot.census
    if census is None:
        return {}
    return {source.key: source_state(source, snapshot.at) for source in census.sources}


def backlog(snapshot: Snapshot) -> dict[str, int]:
    """Return how much waits for each loop that works on something stored."""
    census = snapshot.census
    if census is None:
        return {}
    due = [source for source in census.sources if source.next_due_at <= snapshot.at]
    waiting = {
        "crawl": len(due),
        "score": census.mentions_waiting,
        "respond": census.findings_waiting,
        "deliver": census.messages_pending,
        "poll": census.updates_waiting,
    }
    return {name: count for name, count in waiting.items() if name in snapshot.loops}


def problems(snapshot: Snapshot) -> list[str]:
    """Return what is wrong, each in one sentence that names the thing and the figure."""
    found = [
        f"loop {name}: owes a step for {loop.lag_s:.0f} s (limit {lag_limit_s(name):.0f} s), "
        f"{loop.failures_in_row} failures in a row"
        for name, loop in snapshot.loops.items()
        if loop.lag_s > lag_limit_s(name)
    ]
    if snapshot.database_error is not None:
        found.append(f"database: {snapshot.database_error}")
    census = snapshot.census
    if census is None:
        return found
    states = source_states(snapshot)
    if states and all(state in _BLIND for state in states.values()):
        found.append(f"sources: all {len(states)} are failing, overdue or stopped")
    waiting_s = age_s(snapshot, census.oldest_waiting_at)
    if waiting_s is not None and waiting_s > LIVE_WAIT_LIMIT_S:
        found.append(
            f"scoring: the oldest new mention waits for {waiting_s:.0f} s "
            f"(limit {LIVE_WAIT_LIMIT_S:.0f} s)"
        )
    unsent_s = age_s(snapshot, census.oldest_unsent_at)
    if unsent_s is not None and unsent_s > UNSENT_LIMIT_S:
        found.append(
            f"outbox: the oldest unsent message waits for {unsent_s:.0f} s "
            f"(limit {UNSENT_LIMIT_S:.0f} s)"
        )
    return found


def age_s(snapshot: Snapshot, at: datetime | None) -> float | None:
    """Return the seconds since ``at``, never negative; None for None."""
    return None if at is None else max(0.0, (snapshot.at - at).total_seconds())


def health_page(snapshot: Snapshot) -> tuple[bool, dict[str, Any]]:
    """Return whether all is well, and the page that says so as JSON values."""
    wrong = problems(snapshot)
    census = snapshot.census
    waiting = backlog(snapshot)
    states = source_states(snapshot)
    return not wrong, {
        "status": "failing" if wrong else "ok",
        "problems": wrong,
        "version": __version__,
        "uptime_s": _rounded(age_s(snapshot, snapshot.started_at)),
        "loops": {
            name: {
                "last_success_s": _rounded(age_s(snapshot, loop.last_success_at)),
                "lag_s": _rounded(loop.lag_s),
                "processed": loop.processed,
                "failed": loop.failed,
                "failures_in_row": loop.failures_in_row,
                "backlog": waiting.get(name.partition("-")[0]),
            }
            for name, loop in snapshot.loops.items()
        },
        "sources": {
            "total": len(states),
            "blind": sorted(key for key, state in states.items() if state in _BLIND),
        },
        "database": {"ok": snapshot.database_error is None, "kind": snapshot.database},
        "outbox": {
            "pending": census.messages_pending if census else None,
            "oldest_unsent_s": _rounded(age_s(snapshot, census.oldest_unsent_at))
            if census
            else None,
        },
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
