"""The demonstration from end to end: the real service on the bundled site, with a rehearsed lead.

Everything is the product's own machinery; only the press on 通过 comes from a rehearsed person.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlmodel import Session

from crisis import approval
from crisis.announce import ALERT, INCIDENT
from crisis.approval import Verdict
from crisis.permissions import Action, actor_of
from listener.app import Service, open_service
from listener.config import Secrets
from listener.config_file import ConfigFile
from listener.errors import ConfigError
from listener.home import DATABASE, home_of, service_lock
from listener.logs import set_up_logging
from listener.store import incidents, mentions, outbox, statements
from listener.store.engine import read_session, unit_of_work

POLL_S = 0.1
FOLDER = "demo-run"


@dataclass(slots=True)
class DemoResult:
    """What really happened, with the ids to look it up in the database."""

    database: str
    chart: str | None = None
    mentions: int = 0
    incident_id: int | None = None
    alert_message_id: int | None = None
    statement_id: int | None = None
    revision_id: int | None = None
    content_hash: str | None = None
    decision_id: int | None = None
    seconds_to_first_mention: float | None = None
    seconds_to_alert: float | None = None
    seconds_to_draft: float | None = None
    seconds_to_approval: float | None = None
    loop_lag_p99_ms: float = 0.0
    resident_mb: float = 0.0
    summary: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether alert, draft and approval all happened."""
        return None not in (self.alert_message_id, self.revision_id, self.decision_id)

    def to_json(self) -> str:
        """Return everything as one JSON line."""
        values = asdict(self) | {"is_complete": self.is_complete}
        values.pop("summary")
        return json.dumps(values, ensure_ascii=False)


async def play_demo(
    file: ConfigFile, *, write: Callable[[str], None], program: str, within_s: float
) -> DemoResult:
    """Run the service on a new demonstration world until the statement is approved."""
    if not file.config.demo.enabled:
        raise ConfigError(
            f"{file.where('demo', 'enabled')}: demo.enabled is false; "
            "'fengsheng demo' needs a configuration with the bundled demonstration on"
        )
    quiet = _own_folder(file)
    home = home_of(quiet)
    with service_lock(home):
        async with open_service(
            quiet, Secrets(), write=write, program=program, new_demo=True
        ) as service:
            set_up_logging(file.config.log_level, home / "fengsheng.log")
            write(service.desk.catalog.terminal["demo_begins"].format(home=home))
            result = DemoResult(database=str(home / DATABASE))
            stop = asyncio.Event()
            running = asyncio.create_task(service.run(stop), name="service")
            try:
                async with asyncio.timeout(within_s):
                    await _watch(service, result)
                    await _approve(service, result, write)
            except TimeoutError:
                pass
            result.loop_lag_p99_ms = service.lag.quantile_ms(0.99)
            result.resident_mb = _resident_mb()
            stop.set()
            await running
            result.summary = _summary(service, result)
    return result


def _own_folder(file: ConfigFile) -> ConfigFile:
    """Keep the demonstration apart from a service that may be running here."""
    base = file.config.data_dir
    base = base if base.is_absolute() else file.path.resolve().parent / base
    unwatched = file.config.operation.model_copy(update={"listen": ""})
    return file.changed(data_dir=base / FOLDER, operation=unwatched)


async def _watch(service: Service, result: DemoResult) -> None:
    """Note when each thing is first there, until a draft waits and its alert is out."""
    while result.alert_message_id is None or result.revision_id is None:
        await asyncio.to_thread(_look, service, result)
        await asyncio.sleep(POLL_S)


def _look(service: Service, result: DemoResult) -> None:
    elapsed = round((service.clock.now() - service.started_at).total_seconds(), 2)
    with read_session(service.engine) as session:
        result.mentions = mentions.count_mentions(session)
        if result.mentions and result.seconds_to_first_mention is None:
            result.seconds_to_first_mention = elapsed
        found = incidents.open_incidents(session)
        if not found:
            return
        result.incident_id = found[0].id
        sent = _sent_alert(session, service, found[0].id)
        if sent is not None and result.alert_message_id is None:
            result.alert_message_id, result.chart = sent
            result.seconds_to_alert = elapsed
        for statement in statements.list_statements(session, incident_id=found[0].id):
            if statement.current_revision_id is not None and result.revision_id is None:
                revision = statements.revision(session, statement.current_revision_id)
                result.statement_id, result.revision_id = statement.id, revision.id
                result.content_hash = revision.content_hash
                result.seconds_to_draft = elapsed


def _sent_alert(
    session: Session, service: Service, incident_id: int
) -> tuple[int, str | None] | None:
    recipient = service.desk.audience.recipients[0]
    message_id = outbox.newest_message(
        session,
        purpose=ALERT,
        subject_type=INCIDENT,
        subject_id=incident_id,
        channel=recipient.channel,
        recipient=recipient.address,
    )
    if message_id is None:
        return None
    remote: dict[str, Any] | None = outbox.remote_of(session, message_id)
    if remote is None:
        return None
    chart = remote.get("chart")
    return message_id, str(chart) if chart and Path(str(chart)).exists() else None


async def _approve(service: Service, result: DemoResult, write: Callable[[str], None]) -> None:
    """Let the rehearsed lead approve exactly the text that was shown."""
    lead = next((p for p in service.desk.people if actor_of(p, via="demo").roles & {"lead"}), None)
    if lead is None or result.revision_id is None or result.content_hash is None:
        raise ConfigError("the demonstration needs a person with the role 'lead' in config.toml")
    actor = actor_of(lead, via="demo")
    actor.role_for(Action.DECIDE)
    revision_id, content_hash = result.revision_id, result.content_hash

    def decide() -> int:
        with unit_of_work(service.engine) as session:
            return approval.decide(
                session,
                service.desk,
                revision_id=revision_id,
                expected_hash=content_hash,
                verdict=Verdict.APPROVE,
                actor=actor,
                now=service.clock.now(),
            )

    write(service.desk.catalog.terminal["demo_presses"].format(name=actor.name))
    result.decision_id = await asyncio.to_thread(decide)
    elapsed = (service.clock.now() - service.started_at).total_seconds()
    result.seconds_to_approval = round(elapsed, 2)
    while await asyncio.to_thread(_pending, service):  # noqa: ASYNC110 - the state is in a database
        await asyncio.sleep(POLL_S)


def _pending(service: Service) -> int:
    with read_session(service.engine) as session:
        return outbox.count_pending(session)


def _resident_mb() -> float:
    """Return the memory of this process and all its children, in megabytes."""
    me = psutil.Process()
    total = 0
    for process in [me, *me.children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return round(total / 1e6, 1)


def _summary(service: Service, result: DemoResult) -> str:
    words = service.desk.catalog.terminal
    if not result.is_complete:
        return words["demo_failed"].format(log=service.home / "fengsheng.log")
    return words["demo_done"].format(
        mentions=result.mentions,
        alert=result.seconds_to_alert,
        draft=result.seconds_to_draft,
        approval=result.seconds_to_approval,
        chart=result.chart,
        database=result.database,
    )
