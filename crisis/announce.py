"""Puts messages into the outbox: the alert and its edits, drafts, questions.

Called inside the transaction that changes what the message tells, so that either both happen or
neither does.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from crisis.countdown import alert_lines
from crisis.desk import Desk
from crisis.draft_message import DRAFT, draft_body
from crisis.kinds import CRISIS_LABELS, CrisisType
from crisis.messages import Body, Button
from crisis.policy import held_back
from crisis.single_words import outlook_words, single_parts
from crisis.spread_words import spread_parts
from listener.complaints import SEVERITY_LABELS, TYPE_LABELS, ComplaintType, Severity
from listener.store import incidents, links, outbox, statements
from listener.store.records import IncidentRecord, RevisionRecord, StatementRecord

ALERT = "alert"
QUESTION = "question"
INCIDENT = "incident"
STATEMENT = "statement"
REVISION = "revision"
VOLUME = "volume"

# Less than this of what is usually heard, and an alert says so.
WELL_HEARD = 0.9
# What fits on the first screen of a phone.
MOST_LINES = 12
_LINES_BESIDES_QUOTES = 9

_ICONS = {"urgent": "🔴", "serious": "🟠", "general": "🟡"}


def number_of(incident_id: int) -> str:
    """Return how people call an incident."""
    return f"FS-{incident_id}"


def alert_body(
    desk: Desk,
    incident: IncidentRecord,
    now: datetime,
    clocks: Sequence[str] = (),
    merged: Sequence[IncidentRecord] = (),
) -> Body:
    """Return the alert as it should stand now.

    ``clocks`` are the lines about time limits, ``merged`` the incidents that were merged into it:
    the earliest post of all is the first one, and their first quote stands beside the own ones.
    """
    evidence = _joined(incident.evidence, [one.evidence for one in merged])
    labels = TYPE_LABELS[desk.lang]
    buttons: tuple[tuple[Button, ...], ...] = ()
    if incident.is_open:
        row: list[Button] = [
            ("mute", desk.catalog.buttons["mute"], incident.id),
            ("draft", desk.catalog.buttons["draft"], incident.id),
            ("more", desk.catalog.buttons["more"], incident.id),
        ]
        if incident.owner_key is None:
            row.insert(0, ("claim", desk.catalog.buttons["claim"], incident.id))
        buttons = (tuple(row),)
    return desk.catalog.body(
        ALERT,
        {
            "icon": _ICONS[incident.severity],
            "severity": SEVERITY_LABELS[desk.lang][Severity(incident.severity)],
            "severity_reason": desk.catalog.reasons.get(
                incident.severity_reason, incident.severity_reason
            ),
            "number": number_of(incident.id),
            "title": incident.title,
            "is_unverified": incident.is_unverified,
            "rise": _rise(desk, evidence),
            **single_parts(desk, evidence),
            "apart": _apart(evidence),
            "rules": evidence.get("rules", [])[:3],
            "terms": [term for term, _ in evidence["terms"][:5]],
            "products": [f"{name} {count}" for name, count in evidence["products"][:2]],
            "types": [
                (labels[ComplaintType(code)], count) for code, count in evidence["types"][:3]
            ],
            "groups": [
                (desk.catalog.words.get(f"group_{name}", name), count)
                for name, count in evidence["groups"][:3]
            ],
            "first": evidence["first"],
            "amplifier": evidence["amplifier"],
            "spread": spread_parts(desk, evidence.get("spread")),
            "coordination": evidence.get("coordination"),
            "quotes": evidence["quotes"][: _room_for_quotes(evidence)],
            "learning_days": evidence.get("learning_days"),
            "occasions": [one["name"] for one in evidence.get("occasions", [])[:2]],
            "ended_at": evidence.get("ended_at"),
            "blind_spots": [
                {**spot, "reason": desk.catalog.failures.get(spot["reason"], spot["reason"])}
                for spot in evidence["blind_spots"][:3]
            ],
            "outlook": outlook_words(desk, evidence.get("outlook")),
            "state": desk.catalog.words[f"phase_{incident.phase}"],
            "owner": desk.name_of(incident.owner_key),
            "clocks": clocks,
            "merged": [number_of(one.id) for one in merged],
            "computed_at": evidence["computed_at"],
            "now": now,
        },
        buttons=buttons,
        chart=_chart(desk, incident),
    )


def current_alert(session: Session, desk: Desk, incident: IncidentRecord, now: datetime) -> Body:
    """Return the alert as it should stand now, with its clocks and what was merged into it."""
    merged = [
        incidents.incident(session, one.from_id)
        for one in links.links(session, incident.id)
        if one.kind == links.MERGED and one.to_id == incident.id
    ]
    clocks = alert_lines(session, desk, incident, now)
    return alert_body(desk, incident, now, clocks, merged)


def _joined(own: Mapping[str, Any], merged: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return an incident's evidence with what merged ones add to it; counts stay its own."""
    if not merged:
        return own
    firsts = [one["first"] for one in (own, *merged) if one["first"]]
    first = min(firsts, key=lambda one: str(one["at"]), default=None)
    told = {quote["text"] for quote in own["quotes"]}
    added = [quote for one in merged for quote in one["quotes"][:1] if quote["text"] not in told]
    quotes = [*own["quotes"][:1], *added, *own["quotes"][1:]]
    return {**own, "first": first, "quotes": quotes}


def _room_for_quotes(evidence: Mapping[str, Any]) -> int:
    """Return how many quotes keep an alert within ``MOST_LINES`` lines.

    Twelve hold everything with three quotes; growth beside a rise, and a flood of near-equal
    posts, take a line each from them.
    """
    is_more_than_growth = "observed" in evidence["judgement"] or _apart(evidence) is not None
    taken = bool(evidence.get("takeoff") and is_more_than_growth) + bool(
        evidence.get("coordination")
    )
    return MOST_LINES - _LINES_BESIDES_QUOTES - taken


def _apart(evidence: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what an incident that was split off consists of; None for any other."""
    origin = evidence["judgement"].get("split_from")
    if origin is None:
        return None
    counts = {"texts": evidence["negatives"], "authors": evidence["authors"]}
    return {"origin": number_of(origin), **counts}


def _rise(desk: Desk, evidence: Mapping[str, Any]) -> dict[str, Any] | None:
    judgement = evidence["judgement"]
    if "observed" not in judgement:
        return None
    # What people mean by "usual" is the count at this hour; the usual share stands beside it.
    expected = judgement["expected_baseline"]
    total = max(judgement["total"], 1)
    return {
        "window": window_text(desk, judgement["window_buckets"]),
        "observed": judgement["observed"],
        "expected": expected,
        "times": judgement["observed"] / expected if expected >= 1 else None,
        "share": min(judgement["observed"] / total, 1.0),
        "usual_share": judgement["usual_share"],
        "by_share": judgement["expected"] if judgement.get("expected_by") == "share" else None,
        "coverage": judgement["coverage"] if judgement.get("coverage", 1.0) < WELL_HEARD else None,
        "scope": _scope(desk, judgement),
    }


def window_text(desk: Desk, buckets: int) -> str:
    """Return the length of a window in the reader's words: 30 分钟, 3 h."""
    minutes, words = 5 * buckets, desk.catalog.words
    if minutes >= 60:
        return f"{minutes // 60} {words['hours']}"
    return f"{minutes} {words['minutes']}"


def _scope(desk: Desk, judgement: Mapping[str, Any]) -> str | None:
    """Return the part of the brand's mentions that rose, or None for all of them."""
    topic, group = judgement.get("topic", "all"), judgement.get("source_group", "all")
    if topic != "all":
        return TYPE_LABELS[desk.lang][ComplaintType(topic)]
    return None if group == "all" else desk.catalog.words.get(f"group_{group}", group)


def _chart(desk: Desk, incident: IncidentRecord) -> dict[str, Any] | None:
    chart = incident.evidence["chart"]
    if chart is None:
        return None
    return {
        **chart,
        "occasions": incident.evidence.get("occasions", []),
        "marks": _marks(desk, incident.evidence),
        "theme": desk.chart_theme,
        "title": f"{number_of(incident.id)} {incident.title}",
        "lang": desk.lang,
        "timezone": str(desk.tz),
    }


def _marks(desk: Desk, evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the posts that the chart marks: the first one, and the biggest amplifier."""
    words = desk.catalog.words
    first, amplifier = evidence["first"], evidence["amplifier"]
    marks = [{"at": first["at"], "label": words["mark_first"]}] if first else []
    if amplifier and amplifier["mention_id"] != (first or {}).get("mention_id"):
        marks.append({"at": amplifier["at"], "label": words["mark_amplifier"]})
    return marks


def post_alert(session: Session, desk: Desk, incident: IncidentRecord, now: datetime) -> None:
    """Send the alert of a newly opened incident to everybody it concerns."""
    body = current_alert(session, desk, incident, now)
    for recipient in desk.audience.recipients:
        outbox.put_message(
            session,
            channel=recipient.channel,
            recipient=recipient.address,
            purpose=ALERT,
            subject_type=INCIDENT,
            subject_id=incident.id,
            dedupe_key=f"{ALERT}:{incident.id}:{recipient.channel}:{recipient.address}",
            body=body,
            now=now,
        )


def refresh_alert(
    session: Session,
    desk: Desk,
    incident_id: int,
    now: datetime,
    *,
    is_repeat: bool = False,
) -> None:
    """Bring the alert up to date in place; ``is_repeat``: only figures moved, it may be muted."""
    incident = incidents.incident(session, incident_id)
    body = current_alert(session, desk, incident, now)
    held = None
    if is_repeat:
        held = held_back(session, brand_id=incident.brand_id, severity=incident.severity, now=now)
    _edit_originals(
        session,
        desk,
        body,
        purpose=ALERT,
        subject=(INCIDENT, incident_id),
        now=now,
        not_sent=held,
    )


def post_revision(
    session: Session, desk: Desk, statement_id: int, revision: RevisionRecord, now: datetime
) -> None:
    """Show a new revision for approval, and mark what it replaces as void."""
    statement = statements.statement(session, statement_id)
    for older in statements.revisions(session, statement_id):
        if older.id != revision.id:
            refresh_revision(session, desk, older.id, now)
    number = number_of(statement.incident_id)
    body = draft_body(desk, session, statement, revision, number=number)
    for recipient in desk.audience.recipients:
        outbox.put_message(
            session,
            channel=recipient.channel,
            recipient=recipient.address,
            purpose=DRAFT,
            subject_type=REVISION,
            subject_id=revision.id,
            dedupe_key=f"{DRAFT}:{revision.id}:{recipient.channel}:{recipient.address}",
            body=body,
            now=now,
            reply_to_id=outbox.newest_message(
                session,
                purpose=ALERT,
                subject_type=INCIDENT,
                subject_id=statement.incident_id,
                channel=recipient.channel,
                recipient=recipient.address,
            ),
        )


def refresh_revision(session: Session, desk: Desk, revision_id: int, now: datetime) -> None:
    """Bring the message of a revision up to date in place."""
    revision = statements.revision(session, revision_id)
    statement = statements.statement(session, revision.statement_id)
    number = number_of(statement.incident_id)
    body = draft_body(desk, session, statement, revision, number=number)
    _edit_originals(session, desk, body, purpose=DRAFT, subject=(REVISION, revision_id), now=now)


def _edit_originals(
    session: Session,
    desk: Desk,
    body: Body,
    *,
    purpose: str,
    subject: tuple[str, int],
    now: datetime,
    due_at: datetime | None = None,
    not_sent: outbox.NotSent | None = None,
) -> None:
    """Change every message about a subject in place, where it says something else now."""
    for recipient in desk.audience.recipients:
        for original in outbox.originals(
            session,
            purpose=purpose,
            subject_type=subject[0],
            subject_id=subject[1],
            channel=recipient.channel,
            recipient=recipient.address,
        ):
            if outbox.message_body(session, original) == body:
                continue
            outbox.put_message(
                session,
                channel=recipient.channel,
                recipient=recipient.address,
                purpose=purpose,
                subject_type=subject[0],
                subject_id=subject[1],
                dedupe_key=f"{purpose}-edit:{original}:{uuid.uuid4().hex}",
                body=body,
                now=now,
                due_at=due_at,
                target_id=original,
                not_sent=not_sent,
            )


def post_blocked(
    session: Session, desk: Desk, statement: StatementRecord, missing: Sequence[str], now: datetime
) -> None:
    """Say which facts are missing, and ask for each of them once."""
    names = [desk.catalog.fact_names.get(name, name) for name in missing]
    body = desk.catalog.body(
        "blocked",
        {
            "kind": desk.catalog.words[f"kind_{statement.kind}"],
            "number": number_of(statement.incident_id),
            "missing": names,
        },
    )
    _post(
        session,
        desk,
        body,
        purpose=STATEMENT,
        subject=(STATEMENT, statement.id),
        now=now,
        key="blocked",
    )
    asked = {one.fact_name for one in statements.open_questions(session, statement.id)}
    for name in missing:
        if name not in asked:
            ask(session, desk, statement, kind="fact", fact_name=name, asked_of=None, now=now)


def ask(
    session: Session,
    desk: Desk,
    statement: StatementRecord,
    *,
    kind: str,
    now: datetime,
    fact_name: str | None = None,
    revision_id: int | None = None,
    asked_of: str | None = None,
) -> int:
    """Ask something in the chat that a reply answers; return the question's id."""
    question_id = statements.ask(
        session,
        {
            "kind": kind,
            "incident_id": statement.incident_id,
            "statement_id": statement.id,
            "revision_id": revision_id,
            "fact_name": fact_name,
            "asked_of": asked_of,
            "asked_at": now,
        },
    )
    if kind == "fact":
        words = desk.catalog.questions.get(fact_name or "", fact_name or "")
    else:
        words = desk.catalog.questions[kind]
    body = desk.catalog.body(
        QUESTION,
        {
            "number": number_of(statement.incident_id),
            "question": words,
            "asked_of": desk.name_of(asked_of) if asked_of and kind != "fact" else "",
            "fact": fact_name,
        },
        asks_reply=True,
    )
    _post(session, desk, body, purpose=QUESTION, subject=(QUESTION, question_id), now=now, key="")
    return question_id


def _post(
    session: Session,
    desk: Desk,
    body: Body,
    *,
    purpose: str,
    subject: tuple[str, int],
    now: datetime,
    key: str,
    not_sent: outbox.NotSent | None = None,
    thread_of: int | None = None,
) -> bool:
    is_new = False
    for recipient in desk.audience.recipients:
        written = outbox.put_message(
            session,
            channel=recipient.channel,
            recipient=recipient.address,
            purpose=purpose,
            subject_type=subject[0],
            subject_id=subject[1],
            dedupe_key=f"{purpose}:{key}:{subject[1]}:{recipient.channel}:{recipient.address}",
            body=body,
            now=now,
            not_sent=not_sent,
            reply_to_id=None
            if thread_of is None
            else outbox.newest_message(
                session,
                purpose=ALERT,
                subject_type=INCIDENT,
                subject_id=thread_of,
                channel=recipient.channel,
                recipient=recipient.address,
            ),
        )
        is_new = is_new or written is not None
    return is_new


def title_of(brand_name: str, product: str | None, crisis_type: str, lang: str) -> str:
    """Return an incident's title: what it is about, in a few words."""
    label = CRISIS_LABELS[lang][CrisisType(crisis_type)]
    subject = product or brand_name
    return f"{subject} · {label}"


def post_notice(
    session: Session,
    desk: Desk,
    text: str,
    *,
    subject: tuple[str, int],
    key: str,
    now: datetime,
    not_sent: outbox.NotSent | None = None,
    thread_of: int | None = None,
) -> bool:
    """Say one plain line to everybody, once per ``key``; or write down why it is not said.

    With ``thread_of`` it answers the alert of that incident. Return whether that was decided now,
    and not before.
    """
    body = desk.catalog.body("notice", {"text": text})
    return _post(
        session,
        desk,
        body,
        purpose="notice",
        subject=subject,
        now=now,
        key=key,
        not_sent=not_sent,
        thread_of=thread_of,
    )
