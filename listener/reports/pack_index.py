"""The page a person reads in an evidence pack: what happened, what was said, who decided what.

Collected text is hostile: it reaches the page through an autoescaping template only, addresses
become links only when they are plain web addresses, and the page allows no script at all.
"""

import base64
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlmodel import Session

from crisis.announce import number_of, window_text
from crisis.desk import Desk
from listener import __version__
from listener.resources import bundled
from listener.store import casefile, incidents, statements
from listener.store.records import IncidentRecord, StatementRecord
from listener.text.clean import printable

MOST_POSTS = 300
MOST_EVENTS = 2_000
MOST_AUDIT = 500
_LONGEST_SAID = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    """What the page rests on; ``time`` is the newest instant the pack knows of."""

    incident: IncidentRecord
    brand: Mapping[str, Any]
    scope: casefile.Scope
    posts: int
    negatives: int
    time: datetime

    def render(
        self,
        session: Session,
        desk: Desk,
        chart: Path | None,
        posts: Callable[[], list[casefile.Row]],
    ) -> Iterator[bytes]:
        """Yield the page as UTF-8; ``posts`` gives the first ones, at most ``MOST_POSTS``."""
        folder = bundled("templates") / "reports"
        words = tomllib.loads((folder / "pack.toml").read_text(encoding="utf-8"))[desk.lang]
        environment = _environment(folder, desk)
        incident = self.incident
        events = incidents.timeline(session, incident.id)
        yield (
            environment.get_template("pack.html.j2")
            .render(
                words=words,
                lang=desk.lang,
                version=__version__,
                page=self,
                number=number_of(incident.id),
                alert=_alert(desk, incident),
                brand_query=json.dumps(self.brand["query"], ensure_ascii=False, sort_keys=True),
                chart=None if chart is None else base64.b64encode(chart.read_bytes()).decode(),
                events=[_event(words, one.at, one.kind, one.actor, one.data) for one in events][
                    :MOST_EVENTS
                ],
                most_events=len(events) > MOST_EVENTS,
                facts=[
                    {"label": desk.catalog.fact_names.get(name, name), "fact": fact}
                    for name, fact in incidents.facts(session, incident.id).items()
                ],
                statements=[
                    _statement(session, desk, statements.statement(session, one))
                    for one in statements.statements_of(session, incident.id)
                ],
                posts=posts(),
                audit=_audit(session, incident.id),
                gaps=list(casefile.read_gaps(session, self.scope))[:MOST_AUDIT],
            )
            .encode("utf-8", "replace")
        )


def _environment(folder: Path, desk: Desk) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters |= {
        "at": lambda value: _at(value, desk.tz),
        "name": desk.name_of,
        "link": _link,
        "short": lambda text: text if len(text) <= _LONGEST_SAID else text[:_LONGEST_SAID] + "…",
    }
    return environment


def _at(value: str | datetime | None, tz: ZoneInfo) -> str:
    """Show an instant in the team's zone, with its offset so that it stands by itself."""
    if value is None:
        return "—"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(tz).isoformat(sep=" ", timespec="seconds")


def _link(url: str | None) -> str | None:
    """Return an address that may become a link, or None."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _alert(desk: Desk, incident: IncidentRecord) -> dict[str, Any] | None:
    judgement = incident.evidence.get("judgement", {})
    if "observed" not in judgement:
        return None
    return {
        "window": window_text(desk, judgement["window_buckets"]),
        "observed": judgement["observed"],
        "expected": round(judgement["expected_baseline"], 2),
        "total": judgement["total"],
        "usual_share": f"{judgement['usual_share']:.0%}",
        "computed_at": incident.evidence["computed_at"],
    }


def _event(
    words: Mapping[str, str], at: datetime, kind: str, actor: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    said = data.get("text") or data.get("reason")
    if not isinstance(said, str):
        said = json.dumps(data, ensure_ascii=False, sort_keys=True) if data else ""
    return {"at": at, "what": words.get(f"event_{kind}", kind), "who": actor, "said": said}


def _audit(session: Session, incident_id: int) -> list[dict[str, Any]]:
    held = next(one for one in casefile.HELD if one.name == "audit")
    rows = list(casefile.read_held(session, held, incident_id))[:MOST_AUDIT]
    return [row | {"said": json.dumps(row["data"], ensure_ascii=False)} for row in rows]


def _statement(session: Session, desk: Desk, statement: StatementRecord) -> dict[str, Any]:
    return {
        "statement": statement,
        "kind": desk.catalog.words.get(f"kind_{statement.kind}", statement.kind),
        "revisions": statements.revisions(session, statement.id),
        "decisions": statements.decisions(session, statement.id),
        "publications": statements.publications(session, statement.id),
    }
