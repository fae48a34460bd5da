"""What rules of the team's own tell: a line in the chat, reminders and the end of it.

A rule that pages opens or joins an incident like the crisis channel, in ``crisis.intake``; its
reminders and its end are those of the incident.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from crisis.announce import number_of, post_notice
from crisis.desk import Desk
from crisis.duration import duration_text
from crisis.policy import held_back
from listener.rule_words import duration, found
from listener.store import findings, incidents
from listener.store.records import FindingRecord, IncidentRecord

RULE = findings.RULE
# What is over for longer is no news, after a standstill.
NEWS_FOR = timedelta(hours=6)


def tell_rule(session: Session, desk: Desk, finding: FindingRecord, now: datetime) -> bool:
    """Tell a rule's finding in one line; False if it belongs to an incident.

    While an incident of the brand is open, what a rule finds of the brand joins it instead.
    """
    rule = finding.judgement["rule"]
    is_about_brand = finding.series_id is not None
    if is_about_brand and (
        rule["is_page"] or incidents.open_incidents(session, brand_id=finding.brand_id)
    ):
        return False
    text = desk.catalog.words["rule_notice"].format(**_values(desk, finding, now))
    _post(session, desk, finding, text, key=f"{RULE}:{finding.id}", now=now)
    return True


def follow_rules(session: Session, desk: Desk, now: datetime) -> int:
    """Remind of notices that still hold, and tell once when they are over; return how many."""
    told = 0
    for finding in findings.rules_told(session, since=now - NEWS_FOR):
        rule = finding.judgement["rule"]
        if rule["is_trial"] or finding.brand_id not in desk.brands:
            continue
        if finding.ended_at is not None:
            key, word = f"{RULE}-over:{finding.id}:{finding.ended_at.isoformat()}", "rule_over"
        else:
            own = rule["remind_hours"]
            every = desk.remind_every if own is None else timedelta(hours=own)
            number = (now - finding.found_at) // every if every else 0
            if not number:
                continue
            key, word = f"{RULE}-still:{finding.id}:{number}", "rule_still"
        text = desk.catalog.words[word].format(**_values(desk, finding, now))
        told += _post(session, desk, finding, text, key=key, now=now)
    return told


def rules_of(session: Session, desk_lang: str, finding: FindingRecord) -> list[dict[str, Any]]:
    """Return the rules of the brand that hold now, with what each found; trials left out."""
    held = findings.rules_on(session, brand_id=finding.brand_id)
    if finding.channel == RULE and finding.id not in [one.id for one in held]:
        held.append(finding)
    rules = [one.judgement["rule"] for one in held if one.series_id is not None]
    return [
        {"name": rule["name"], "found": found(rule, desk_lang)}
        for rule in rules
        if not rule["is_trial"]
    ]


def shows_own_rise(incident: IncidentRecord) -> bool:
    """Whether an incident shows the crisis channel's figures, which go before a rule's."""
    judgement = incident.evidence["judgement"]
    return "observed" in judgement and "rule" not in judgement


def _values(desk: Desk, finding: FindingRecord, now: datetime) -> dict[str, Any]:
    rule = finding.judgement["rule"]
    until = finding.ended_at or now
    return {
        "rule": rule["name"],
        "brand": desk.brands[finding.brand_id].name,
        "found": _found(desk, rule, finding, now),
        "lasted": duration_text(desk, until - finding.started_at),
    }


def _found(desk: Desk, rule: Mapping[str, Any], finding: FindingRecord, now: datetime) -> str:
    said = rule.get("said")
    if said is None:
        return found(rule, desk.lang)
    words = desk.catalog.words
    values = {
        "source": said.get("source", ""),
        "reason": desk.catalog.failures.get(said.get("reason", ""), said.get("reason", "")),
        "usual": said.get("usual", 0),
        "number": number_of(said.get("incident", 0)),
        "title": said.get("title", ""),
        "window": duration(timedelta(minutes=rule["window_minutes"]), desk.lang),
        "lasted": duration_text(desk, (finding.ended_at or now) - finding.started_at),
    }
    return words[f"rule_{said['what']}"].format(**values)


def _post(
    session: Session, desk: Desk, finding: FindingRecord, text: str, *, key: str, now: datetime
) -> bool:
    is_about_brand = finding.series_id is not None
    held = None
    if is_about_brand:
        held = held_back(session, brand_id=finding.brand_id, severity=finding.severity, now=now)
    return post_notice(
        session, desk, text, subject=(RULE, finding.id), key=key, now=now, not_sent=held
    )
