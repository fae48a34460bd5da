"""What the rules say of the types of a complaint: evidence, then the tie rules of the taxonomy.

The main type is the thing the author wants fixed now, so a refused refund outweighs the defect
behind it and a lost repair outweighs the fault.
"""

from collections.abc import Sequence

from listener.complaints.codes import ComplaintType
from listener.complaints.lexicon import Hit
from listener.complaints.reading import LEVEL_OF_GROUP, LEVELS, Reading

T = ComplaintType
_WEIGHTS = dict(zip(LEVELS, (2.0, 1.0, 0.4), strict=True))
_MOST = dict(zip(LEVELS, (4, 3, 2), strict=True))
_AFTER_TURN = 1.5  # what follows the last “but” is what the author means
_CLEAR = 2.0
_LEAST_SECONDARY = 1.5  # one strong cue of its own, even where it is weighed down
_MOST_SECONDARY = 2
_TAKEN = "severity.s1.unauthorised"
_HARM = "severity.u1.harm"
# Where two types stand in one text, this much speaks for the one that is to be fixed first.
_RAISE_IF_STRONG = {T.REFUND_RETURN: 1.0, T.AFTER_SALES: 0.8, T.PRIVACY_SECURITY: 1.5}


def secondary_types(
    reading: Reading, ranked: Sequence[ComplaintType]
) -> tuple[ComplaintType, ...]:
    """Return at most two types besides the first of ``ranked`` for which the rules have cues."""
    main = ranked[0]
    if not reading.has(_TAKEN) and not any(
        _may_count(reading, code, hits) for code, hits in reading.evidence.items() if code != main
    ):
        return ()
    scores = type_scores(reading)
    others = [code for code in ranked[1:] if scores.get(code, 0.0) >= _LEAST_SECONDARY]
    return tuple(others[:_MOST_SECONDARY])


def _may_count(reading: Reading, code: ComplaintType, hits: list[Hit]) -> bool:
    """Say whether the cues of a type can reach the least score of a secondary one."""
    if reading.is_strong(code) or (code is T.PRODUCT_QUALITY and reading.has(_HARM)):
        return True
    most = sum(_WEIGHTS[LEVEL_OF_GROUP[hit.group]] for hit in hits)
    return most * (_AFTER_TURN if reading.turn else 1.0) >= _LEAST_SECONDARY


def type_scores(reading: Reading) -> dict[ComplaintType, float]:
    """Weigh the cues of every type and apply the tie rules; no evidence, no entry."""
    turn = reading.turn
    scores = {code: _weigh(reading, hits, turn) for code, hits in reading.evidence.items()}
    if reading.has(_TAKEN) and not reading.is_strong(T.PRICE_PROMO):
        scores[T.PAYMENT] = scores.get(T.PAYMENT, 0.0) + 1.5
    for code, amount in _RAISE_IF_STRONG.items():
        if reading.is_strong(code):
            scores[code] += amount
    # Who is hurt by a thing wants the thing off the market first.
    if T.PRODUCT_QUALITY in scores and reading.has(_HARM):
        scores[T.PRODUCT_QUALITY] += 0.8
    # A payment that fails is a payment matter, whatever the software shows.
    if reading.is_strong(T.PAYMENT) and reading.is_strong(T.TECH_SUPPORT):
        scores[T.PAYMENT] += 1.0
    # Damage on the way is a matter of delivery, not of the goods.
    if T.PRODUCT_QUALITY in scores and reading.is_strong(T.ORDER_DELIVERY):
        scores[T.ORDER_DELIVERY] += 1.0
    _lower_weak_types(reading, scores)
    return scores


def _lower_weak_types(reading: Reading, scores: dict[ComplaintType, float]) -> None:
    """Staff, places and companies are named in complaints of every type."""
    rest = max(
        (value for code, value in scores.items() if code is not T.SERVICE_ATTITUDE), default=0
    )
    if T.SERVICE_ATTITUDE in scores and rest >= _CLEAR:
        scores[T.SERVICE_ATTITUDE] *= 0.75
    if T.OTHER in scores:
        scores[T.OTHER] *= 0.8
    if T.CONDUCT_ETHICS in scores and not reading.is_strong(T.CONDUCT_ETHICS):
        scores[T.CONDUCT_ETHICS] *= 0.5


def _weigh(reading: Reading, hits: list[Hit], turn: int) -> float:
    total = 0.0
    counted = dict.fromkeys(LEVELS, 0)
    seen: set[str] = set()
    for hit in hits:
        level = LEVEL_OF_GROUP[hit.group]
        words = reading.words(hit)
        if words in seen or counted[level] == _MOST[level]:
            continue
        seen.add(words)
        counted[level] += 1
        total += _WEIGHTS[level] * (_AFTER_TURN if turn and hit.start >= turn else 1.0)
    return total
