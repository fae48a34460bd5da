"""The metrics page in Prometheus' text format.

Labels are codes of the program: loops, states, severities. Never a text, a name, a key from the
configuration or anything collected: a label lives for ever in somebody else's database.
"""

import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from listener import __version__
from listener.complaints.codes import Severity
from listener.operation.board import Snapshot
from listener.operation.health import SourceState, age_s, backlog, problems, source_states

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SEVERITIES = tuple(str(one) for one in Severity if one is not Severity.NONE)
LAG_EDGES_MS = (1, 5, 10, 25, 50, 100, 250, 500, 1000)
# What there is, with its help. docs/operation.md has a row for each.
METRICS: Mapping[str, str] = {
    "fengsheng_build_info": "Always 1; the labels name version, Python and database",
    "fengsheng_start_time_seconds": "When the service started, in Unix seconds",
    "fengsheng_healthy": "1 while /healthz answers 200",
    "fengsheng_database_up": "1 while the database answers in time",
    "fengsheng_loop_processed_total": "Things a loop has worked on",
    "fengsheng_loop_failed_total": "Steps of a loop that failed",
    "fengsheng_loop_lag_seconds": "Seconds since a step was asked for that has not succeeded",
    "fengsheng_loop_last_success_timestamp_seconds": "When a loop last succeeded, in Unix seconds",
    "fengsheng_loop_backlog": "Stored things that wait for a loop",
    "fengsheng_mentions": "Mentions kept, by stage; counted once a minute",
    "fengsheng_mentions_waiting": "Mentions that wait to be scored",
    "fengsheng_mentions_oldest_waiting_seconds": "Age of the oldest new mention without a score",
    "fengsheng_sources": "Enabled sources, by state",
    "fengsheng_outbox_messages": "Messages kept, by state; sent and dropped counted once a minute",
    "fengsheng_outbox_oldest_unsent_seconds": "Age of the oldest message that should be out",
    "fengsheng_incidents_open": "Open incidents, by severity",
    "fengsheng_event_loop_lag_seconds": "How late the event loop is, a hundred times a second",
    "fengsheng_event_loop_lag_p99_seconds": "99 % of the measurements since the start are below",
    "fengsheng_resident_memory_bytes": "Memory of the service and of its child processes",
}


def metrics_page(snapshot: Snapshot) -> bytes:
    """Return the page."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshots(snapshot))
    return generate_latest(registry)


class _Snapshots(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        """Yield every metric of the snapshot."""
        yield from _service(self._snapshot)
        yield from _loops(self._snapshot)
        yield from _stored(self._snapshot)


def _gauge(
    name: str,
    value: float | None = None,
    *,
    label: str = "",
    by: Mapping[str, float] | None = None,
) -> GaugeMetricFamily:
    """Return one figure, or one for each value of a label."""
    family = GaugeMetricFamily(name, METRICS[name], labels=[label] if label else [])
    if value is not None:
        family.add_metric([], value)
    for key, figure in (by or {}).items():
        family.add_metric([key], figure)
    return family


def _service(snapshot: Snapshot) -> Iterable[Metric]:
    name = "fengsheng_build_info"
    build = GaugeMetricFamily(name, METRICS[name], labels=["version", "python", "database"])
    build.add_metric([__version__, platform.python_version(), snapshot.database], 1)
    yield build
    yield _gauge("fengsheng_start_time_seconds", snapshot.started_at.timestamp())
    yield _gauge("fengsheng_healthy", not problems(snapshot))
    yield _gauge("fengsheng_database_up", snapshot.database_error is None)
    memory = {
        "service": float(snapshot.memory.parent_bytes),
        "children": float(snapshot.memory.children_bytes),
    }
    yield _gauge("fengsheng_resident_memory_bytes", label="processes", by=memory)
    yield _gauge("fengsheng_event_loop_lag_p99_seconds", snapshot.lag_p99_ms / 1000)
    yield _lag(snapshot.lag_counts_ms)


def _lag(counts_ms: tuple[int, ...]) -> HistogramMetricFamily:
    name = "fengsheng_event_loop_lag_seconds"
    buckets = [(f"{edge / 1000:g}", float(sum(counts_ms[: edge + 1]))) for edge in LAG_EDGES_MS]
    buckets.append(("+Inf", float(sum(counts_ms))))
    total_s = sum(ms * count for ms, count in enumerate(counts_ms)) / 1000
    return HistogramMetricFamily(name, METRICS[name], buckets=buckets, sum_value=total_s)


def _loops(snapshot: Snapshot) -> Iterable[Metric]:
    loops = snapshot.loops
    for name, figures in (
        ("fengsheng_loop_processed_total", {key: one.processed for key, one in loops.items()}),
        ("fengsheng_loop_failed_total", {key: one.failed for key, one in loops.items()}),
    ):
        family = CounterMetricFamily(name, METRICS[name], labels=["loop"])
        for key, count in figures.items():
            family.add_metric([key], count)
        yield family
    lags = {key: one.lag_s for key, one in loops.items()}
    yield _gauge("fengsheng_loop_lag_seconds", label="loop", by=lags)
    successes = {
        key: one.last_success_at.timestamp()
        for key, one in loops.items()
        if isinstance(one.last_success_at, datetime)
    }
    yield _gauge("fengsheng_loop_last_success_timestamp_seconds", label="loop", by=successes)
    waiting = {key: float(count) for key, count in backlog(snapshot).items()}
    yield _gauge("fengsheng_loop_backlog", label="loop", by=waiting)


def _stored(snapshot: Snapshot) -> Iterable[Metric]:
    """Yield what the database tells; nothing while it does not answer, rather than old figures."""
    census, totals = snapshot.census, snapshot.totals
    if census is None or totals is None:
        return
    states = Counter(source_states(snapshot).values())
    severities = dict.fromkeys(SEVERITIES, 0) | dict(census.incidents_open)
    messages = dict.fromkeys(("sent", "dropped"), 0) | dict(totals.messages)
    messages["pending"] = census.messages_pending
    stages = dict.fromkeys(("to_score", "done", "unmatched"), 0) | dict(totals.mentions)
    for name, label, counts in (
        ("fengsheng_sources", "state", {str(one): states[one] for one in SourceState}),
        ("fengsheng_incidents_open", "severity", severities),
        ("fengsheng_outbox_messages", "state", messages),
        ("fengsheng_mentions", "stage", stages),
    ):
        yield _gauge(name, label=label, by={key: float(one) for key, one in counts.items()})
    yield _gauge("fengsheng_mentions_waiting", census.mentions_waiting)
    yield _gauge(
        "fengsheng_mentions_oldest_waiting_seconds",
        age_s(snapshot, census.oldest_waiting_at) or 0.0,
    )
    yield _gauge(
        "fengsheng_outbox_oldest_unsent_seconds", age_s(snapshot, census.oldest_unsent_at) or 0.0
    )
