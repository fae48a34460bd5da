"""When rules about sources and waiting work would have been met on what is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from listener.detect.rules import RuleKind
from listener.rules import AlertRule
from listener.store import past, sources


@dataclass(frozen=True, slots=True)
class PastAlert:
    """One alert such a rule would have raised: since when, until when, and about what."""

    start: datetime
    end: datetime | None
    what: str


def past_alerts(
    session: Session,
    rule: AlertRule,
    brands: Mapping[int, str],
    *,
    since: datetime,
    until: datetime,
) -> list[PastAlert]:
    """Return what the rule would have told in [since, until), oldest first.

    Sources: the recorded gaps that lasted as long, by their names; a source that answered and gave
    nothing is not on record. Waiting work: incidents, until somebody claimed or moved them.
    """
    if rule.spec.kind is RuleKind.SOURCE:
        names = {
            one.id: one.name
            for one in sources.source_health(session)
            if (not rule.entry.sources or one.key in rule.entry.sources)
            and (not rule.entry.groups or one.group_name in rule.entry.groups)
        }
        spans = [
            (names[source_id], start, end)
            for source_id, start, end in past.gaps_between(session, since=since, until=until)
            if source_id in names
        ]
    else:
        ids = [id_ for id_, key in brands.items() if rule.concerns(key)]
        spans = past.unclaimed_between(session, ids, since=since, until=until)
    found = [
        PastAlert(start + rule.spec.window, end, what)
        for what, start, end in spans
        if (end or until) - start >= rule.spec.window
    ]
    return sorted(found, key=lambda one: (one.start, one.what))
