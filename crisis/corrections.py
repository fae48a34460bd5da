"""What people set right: 误报, 非本品牌, 情感判错, 类型判错, 严重程度; and taking it back.

A correction is written down with what the machine had said, counts are put right in the same
transaction, and nothing is ever alerted because of one: whoever corrects already knows.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from crisis.desk import Desk
from crisis.intake import rebuild_evidence
from crisis.permissions import Action, Actor
from listener.complaints import ComplaintType, Severity
from listener.errors import Conflict
from listener.pipeline import judge
from listener.scoring.protocol import Sentiment, label_of
from listener.store import corrections, findings, incidents, judgements, mentions, series
from listener.store.audit import record_audit
from listener.store.corrections import Aspect
from listener.store.judgements import MOST_COPIES
from listener.store.records import (
    CorrectionRecord,
    MentionScore,
    NewMatch,
    StoredJudgement,
)

MAX_WHY_CHARS = 500
_VALUES: dict[Aspect, frozenset[str]] = {
    Aspect.BRAND: frozenset((corrections.OURS, corrections.NOT_OURS)),
    Aspect.SENTIMENT: frozenset(("negative", "neutral", "positive")),
    Aspect.TYPE: frozenset(ComplaintType),
    Aspect.SEVERITY: frozenset(Severity) - {Severity.NONE},
    Aspect.ALERT: frozenset((corrections.FALSE_ALARM, corrections.CONFIRMED)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a person says: of which aspect, what it should be, and why."""

    aspect: Aspect
    should_be: str
    why: str | None = None

    def __post_init__(self) -> None:
        """Refuse values that the aspect does not know."""
        if self.should_be not in _VALUES[self.aspect]:
            known = ", ".join(sorted(_VALUES[self.aspect]))
            raise Conflict(f"'{self.should_be}' is no {self.aspect}; use one of: {known}")


def brand_of(session: Session, mention_id: int, *, wanted: int | None) -> int:
    """Return the brand a correction of this mention is about: the wanted one, or its only one.

    Raises ``Conflict`` when the mention means several brands, or none, and none was named.
    """
    if not judgements.known_mentions(session, [mention_id]):
        raise Conflict(f"there is no mention {mention_id}", code="no_mention")
    if wanted is not None:
        return wanted
    brands = judgements.brands_of(session, mention_id)
    if len(brands) != 1:
        found = f"{len(brands)} brands" if brands else "no brand"
        raise Conflict(f"mention {mention_id} means {found}; name the brand with --brand")
    return brands[0]


def copies_of(session: Session, mention_id: int, *, brand_id: int) -> list[int]:
    """Return the mention with its copies: what is true of one is true of the whole story."""
    found = judgements.copies_of(session, mention_id, brand_id=brand_id)
    return sorted({mention_id, *found})[:MOST_COPIES]


def correct_mentions(
    session: Session,
    desk: Desk,
    mention_ids: Collection[int],
    ruling: Ruling,
    *,
    brand_id: int,
    actor: Actor,
    now: datetime,
) -> list[int]:
    """Set mentions right; return the new corrections' ids.

    What somebody has said already is not said again, so a second press changes nothing. Raises
    ``Conflict`` for mentions that are gone or not judged yet.
    """
    actor.role_for(Action.CORRECT)
    ids = mentions.lock_mentions(session, sorted(mention_ids))
    if missing := set(mention_ids) - set(ids):
        raise Conflict(f"there is no mention {min(missing)}", code="no_mention")
    before = _Before.read(session, ids, brand_id)
    made: dict[int, int] = {}
    for mention_id in ids:
        made_id = _write(session, mention_id, ruling, before, actor=actor, now=now)
        if made_id is not None:
            made[mention_id] = made_id
    if made:
        _put_in_force(session, list(made), ruling.aspect, ruling.should_be, before)
        _audit(session, actor, ruling, "mention", min(made), now=now, corrections=[*made.values()])
        rebuild_evidence(session, desk, brand_id, now)
    return list(made.values())


@dataclass(frozen=True, slots=True)
class _Before:
    """What stood before a correction."""

    brand_id: int
    query: str
    stored: dict[int, StoredJudgement]
    matches: dict[int, NewMatch]
    said: dict[int, dict[str, str]]

    @classmethod
    def read(cls, session: Session, ids: Sequence[int], brand_id: int) -> "_Before":
        return cls(
            brand_id=brand_id,
            query=query_version(session, brand_id),
            stored=judgements.stored_judgements(session, ids),
            matches=judgements.matches_of(session, ids, brand_id=brand_id),
            said=corrections.rulings_of(session, ids),
        )

    def machine(self, mention_id: int) -> MentionScore | None:
        """Return what the machine alone says of a mention, if it was judged."""
        stored = self.stored.get(mention_id)
        if stored is None:
            return None
        return judged_again(stored) if self.said.get(mention_id) else stored.score

    def value(self, mention_id: int, aspect: Aspect) -> str:
        """Return what stands of an aspect. Raises ``Conflict`` when nothing does yet."""
        if aspect is Aspect.BRAND:
            is_ours = mention_id in self.matches
            return corrections.OURS if is_ours else corrections.NOT_OURS
        stored = self.stored.get(mention_id)
        if stored is None:
            raise Conflict(f"mention {mention_id} is not judged yet; try again in a minute")
        named = {Aspect.SENTIMENT: "label", Aspect.TYPE: "type", Aspect.SEVERITY: "severity"}
        return str(getattr(stored.score, named[aspect]))


def _write(
    session: Session,
    mention_id: int,
    ruling: Ruling,
    before: _Before,
    *,
    actor: Actor,
    now: datetime,
) -> int | None:
    was = before.value(mention_id, ruling.aspect)
    if ruling.aspect is Aspect.SEVERITY and was == Severity.NONE:
        raise Conflict(f"mention {mention_id} is no complaint; give its --type first")
    standing = corrections.standing_of(
        session, ruling.aspect, brand_id=before.brand_id, mention_id=mention_id
    )
    if standing is not None and standing.should_be == ruling.should_be:
        return None
    return corrections.insert_correction(
        session,
        {
            "at": now,
            "by": actor.key,
            "via": actor.via,
            "brand_id": before.brand_id,
            "mention_id": mention_id,
            "aspect": ruling.aspect,
            "was": was,
            "should_be": ruling.should_be,
            "machine": _machine(mention_id, before, standing),
            "why": _shortened(ruling.why),
        },
    )


def _machine(
    mention_id: int, before: _Before, standing: CorrectionRecord | None
) -> dict[str, Any]:
    """Return what the machine had said, by which versions, and the match that may have to return.

    That a brand was matched is what the machine said before anybody corrected it.
    """
    match = before.matches.get(mention_id)
    said: dict[str, Any] = {
        "query": before.query,
        "matched": match is not None,
        "hits": match.hits if match else [],
        "product": match.product if match else None,
    }
    if standing is not None and standing.aspect == Aspect.BRAND:
        kept = ("query", "matched", "hits", "product")
        said |= {name: standing.machine[name] for name in kept}
    machine = before.machine(mention_id)
    if machine is None:
        return said
    return said | {
        "scorer": machine.scorer,
        "label": machine.label,
        "chances": [machine.negative, machine.neutral, machine.positive],
        "classifier": machine.classifier,
        "is_complaint": machine.is_complaint,
        "type": machine.type,
        "severity": machine.severity,
    }


def _put_in_force(
    session: Session, ids: Sequence[int], aspect: str, should_be: str, before: _Before
) -> None:
    """Put match or judgement right, and count anew whatever that changes."""
    if aspect != Aspect.BRAND:
        _judge_anew(session, [before.stored[one] for one in ids], before.said)
        series.recompute_buckets(session, ids)
        return
    if should_be == corrections.NOT_OURS:
        touched = series.touched_buckets(session, ids)
        judgements.remove_matches(session, ids, brand_id=before.brand_id)
        series.recount(session, touched)
        return
    for one in ids:
        nothing = NewMatch(brand_id=before.brand_id, hits=[], product=None)
        judgements.add_match(session, one, before.matches.get(one, nothing))
    series.recompute_buckets(session, ids)


def _judge_anew(
    session: Session, stored: Sequence[StoredJudgement], said: dict[int, dict[str, str]]
) -> None:
    """Store what the machine says; what people said is put in force as it is stored."""
    for one in stored:
        machine = judged_again(one) if said.get(one.text.id) else one.score
        mentions.save_scores(session, [machine], now=one.scored_at)


def judged_again(stored: StoredJudgement) -> MentionScore:
    """Return what the machine alone says: its stored probabilities, the text classified again.

    Raises ``Conflict`` where the text was erased: nothing can be said of it any more.
    """
    if not stored.text.text and stored.text.title is None:
        raise Conflict(f"the text of mention {stored.text.id} was erased", code="no_mention")
    score = stored.score
    sentiment = Sentiment(
        negative=score.negative,
        neutral=score.neutral,
        positive=score.positive,
        label=label_of(score.negative, score.neutral, score.positive),
        evidence=tuple((word, weight) for word, weight in score.evidence),
        scorer=score.scorer,
    )
    return judge([stored.text], [sentiment])[0]


def correct_alert(
    session: Session,
    incident_id: int,
    ruling: Ruling,
    *,
    actor: Actor,
    now: datetime,
) -> int:
    """Say that an incident's alert was a false alarm, or was right; return the correction's id.

    The incident stays open: closing is asked for separately, because a lead decides that. Raises
    ``Conflict`` when the same is said already.
    """
    actor.role_for(Action.CORRECT)
    incident = incidents.incident(session, incident_id)
    incidents.lock_brand(session, incident.brand_id)
    standing = corrections.standing_alert(session, incident_id)
    if standing is not None and standing.should_be == ruling.should_be:
        raise Conflict(f"incident {incident_id}: this was said already", code="already_corrected")
    made = corrections.insert_correction(
        session,
        {
            "at": now,
            "by": actor.key,
            "via": actor.via,
            "brand_id": incident.brand_id,
            "incident_id": incident_id,
            "aspect": Aspect.ALERT,
            "was": standing.should_be if standing else corrections.RAISED,
            "should_be": ruling.should_be,
            "machine": _alert_facts(session, incident_id),
            "why": _shortened(ruling.why),
        },
    )
    if made is None:
        raise RuntimeError("a correction without a natural key was refused")
    incidents.add_event(
        session,
        incident_id,
        at=now,
        kind=Action.CORRECT,
        actor=actor.key,
        data={"alert": ruling.should_be, "reason": _shortened(ruling.why) or ""},
    )
    _audit(session, actor, ruling, "incident", incident_id, now=now, corrections=[made])
    return made


def _alert_facts(session: Session, incident_id: int) -> dict[str, Any]:
    return {
        "findings": [
            {
                "id": one.id,
                "channel": one.channel,
                "severity": one.severity,
                "score": one.score,
                "observed": one.observed,
                "expected": one.expected,
                "started_at": one.started_at.isoformat(),
            }
            for one in findings.changed_findings(session, [incident_id])
        ]
    }


def take_back(
    session: Session, desk: Desk, correction_id: int, *, actor: Actor, now: datetime
) -> int:
    """Take a correction back, by a later row; what stood before is in force again.

    Raises ``Conflict`` when there is none, it was taken back before, or its mention is gone.
    """
    return _take_back_all(session, desk, [correction_id], actor=actor, now=now)[0]


def take_back_batch(
    session: Session, desk: Desk, correction_id: int, *, actor: Actor, now: datetime
) -> list[int]:
    """Take a correction back with all that were given in the same breath, such as a story's.

    Those that somebody has taken back already are left alone. Raises ``Conflict`` when all were.
    """
    given = corrections.batch_of(session, correction_id)
    if not given:
        raise Conflict(f"correction {correction_id} was taken back", code="already_undone")
    return _take_back_all(session, desk, given, actor=actor, now=now)


def _take_back_all(
    session: Session, desk: Desk, ids: Sequence[int], *, actor: Actor, now: datetime
) -> list[int]:
    actor.role_for(Action.CORRECT)
    made = [_take_back(session, one, actor=actor, now=now) for one in ids]
    given = corrections.correction(session, ids[0])
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=Action.CORRECT,
        object_type="correction",
        object_id=ids[0],
        via=actor.via,
        data={"corrections": made, "undoes": list(ids)},
    )
    if given is not None and given.mention_id is not None:
        rebuild_evidence(session, desk, given.brand_id, now)
    if given is not None and given.incident_id is not None:
        said = {"alert": given.was, "reason": given.why or "", "undone": True}
        incidents.add_event(
            session,
            given.incident_id,
            at=now,
            kind=Action.CORRECT,
            actor=actor.key,
            data=said,
        )
    return made


def _take_back(session: Session, correction_id: int, *, actor: Actor, now: datetime) -> int:
    given = corrections.correction(session, correction_id)
    if given is None or given.undoes_id is not None:
        raise Conflict(f"there is no correction {correction_id}; see 'fengsheng corrections'")
    ids = [] if given.mention_id is None else [given.mention_id]
    if len(mentions.lock_mentions(session, ids)) < len(ids):
        raise Conflict(f"the mention of correction {correction_id} was deleted", code="no_mention")
    before = _Before.read(session, ids, given.brand_id)
    made = corrections.insert_correction(
        session,
        {
            "at": now,
            "by": actor.key,
            "via": actor.via,
            "brand_id": given.brand_id,
            "mention_id": given.mention_id,
            "incident_id": given.incident_id,
            "aspect": given.aspect,
            "was": given.should_be,
            "should_be": given.was,
            "machine": given.machine,
            "undoes_id": given.id,
        },
    )
    if made is None:
        raise Conflict(f"correction {correction_id} was taken back before", code="already_undone")
    _restore(session, given, before)
    return made


def _restore(session: Session, given: CorrectionRecord, before: _Before) -> None:
    """Put in force what stands without a correction: an earlier one, or the machine's word."""
    if given.mention_id is None:
        return
    if given.aspect != Aspect.BRAND:
        _put_in_force(session, [given.mention_id], given.aspect, given.was, before)
        return
    standing = corrections.standing_of(
        session, Aspect.BRAND, brand_id=given.brand_id, mention_id=given.mention_id
    )
    matched = corrections.OURS if given.machine["matched"] else corrections.NOT_OURS
    match = NewMatch(
        brand_id=given.brand_id, hits=given.machine["hits"], product=given.machine["product"]
    )
    before.matches.setdefault(given.mention_id, match)
    should_be = standing.should_be if standing else matched
    _put_in_force(session, [given.mention_id], Aspect.BRAND, should_be, before)


def query_version(session: Session, brand_id: int) -> str:
    """Return a short mark that changes whenever the words of a brand do."""
    words = judgements.brand_words(session, brand_id)
    text = json.dumps(words, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _shortened(why: str | None) -> str | None:
    said = (why or "").strip()[:MAX_WHY_CHARS]
    return said or None


def _audit(
    session: Session,
    actor: Actor,
    ruling: Ruling,
    object_type: str,
    object_id: int,
    *,
    now: datetime,
    corrections: list[int],
) -> None:
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=Action.CORRECT,
        object_type=object_type,
        object_id=object_id,
        via=actor.via,
        data={
            "aspect": ruling.aspect,
            "should_be": ruling.should_be,
            "corrections": corrections,
        },
    )
