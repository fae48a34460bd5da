"""Text-level severity: rules U1 to U5 and S1 to S7, one function each, judged from the text alone.

Each rule returns the words that make it fire, or nothing. The highest rule that fires decides;
unverified claims count as written.
"""

import re
from collections.abc import Callable, Iterable

from listener.complaints.codes import ComplaintType, Severity, severity_rank
from listener.complaints.lexicon import Hit
from listener.complaints.quantities import Quantity
from listener.complaints.reading import Reading

T = ComplaintType
Types = tuple[ComplaintType, ...]
Rule = Callable[[Reading, Types], list[Hit]]

LARGE_SUM_YUAN = 1000.0
LONG_WAIT_DAYS = 7.0
MANY_PEOPLE = 20.0

_TOGETHER = re.compile(r"群|一起|联名|围|堵|维权|报案|登记|聚|自救")
_NEAR = 3  # characters between “我要” and the authority that is not acting yet
_CONTACT = re.compile(r"问|打|催|找|联系|修|投诉|客服|反映|工单|申诉")
_MONEY_TAKEN = re.compile(
    r"扣(?:了|我|掉|走|钱|费|款成功)|划走|刷走|支出|不入账|没入账|(?:没|未|不)到账|charged|billed"
)
_PRICE_GAP = re.compile(
    r"(?:差|差价|多收|少退|多付|便宜|贵了?|降了?|涨了?|多扣|补)[^,。!?;\n]{0,3}$"
)
_HAVE_RIGHTS = (T.REFUND_RETURN, T.AFTER_SALES)
_ARE_WAITED_FOR = (
    T.SERVICE_ATTITUDE,
    T.REFUND_RETURN,
    T.AFTER_SALES,
    T.ORDER_DELIVERY,
    T.TECH_SUPPORT,
    T.PAYMENT,
)
_CAN_GO_DOWN = frozenset((T.TECH_SUPPORT, T.PAYMENT, T.ORDER_DELIVERY, T.OTHER))


def injury_or_danger(reading: Reading, _: Types) -> list[Hit]:
    """U1: somebody is hurt, or life and health are in present danger."""
    found = reading.all("severity.u1.harm", "severity.u1.danger")
    return _apart_from(found, reading.all("severity.u1.figure"))


def many_records_exposed(reading: Reading, types: Types) -> list[Hit]:
    """U2: the data of many people are out, or leaked data were used to take money."""
    leak, many = reading.all("severity.u2.leak"), reading.all("severity.u2.many")
    is_private = T.PRIVACY_SECURITY in types
    if leak and many and is_private:
        return [*many, *leak]
    impostor, stolen = reading.all("severity.u2.impostor"), reading.all("severity.u2.stolen")
    return [*impostor, *stolen] if stolen and (impostor or (leak and is_private)) else []


def victims_together(reading: Reading, _: Types) -> list[Hit]:
    """U3: many victims act together, or the matter is visibly spreading."""
    found = reading.all("severity.u3.viral", "severity.u3.acting")
    if found or not _TOGETHER.search(reading.text):
        return found
    crowds = [crowd for crowd in reading.crowds if crowd.value >= MANY_PEOPLE]
    return _as_hits(crowds, "severity.u3.crowd")


def authority_acts(reading: Reading, _: Types) -> list[Hit]:
    """U4: police, regulator, court or press are already acting, not merely threatened with."""
    plans = reading.all("severity.u4.own")
    return [
        hit
        for hit in reading.all("severity.u4.acting")
        if not any(plan.start <= hit.start <= plan.end + _NEAR for plan in plans)
    ]


def service_down_for_many(reading: Reading, types: Types) -> list[Hit]:
    """U5: core service or payment fails for many users now."""
    if _CAN_GO_DOWN.isdisjoint(types):
        return []
    parts = [reading.all(f"severity.u5.{part}") for part in ("scope", "service", "failure")]
    return [hit for part in parts for hit in part] if all(parts) else []


def large_or_unauthorised_sum(reading: Reading, types: Types) -> list[Hit]:
    """S1: a loss or disputed sum of ¥1,000, or a charge without consent that is not yet back."""
    charge = reading.all("severity.s1.unauthorised")
    if not charge and types[0] is T.PAYMENT:
        taken = _MONEY_TAKEN.finditer(reading.text)
        charge = [Hit("severity.s1.taken", found.start(), found.end()) for found in taken]
    if charge and not reading.has("severity.s1.back"):
        return charge
    sums = reading.sums
    if types[0] is T.PRICE_PROMO and len(sums) > 1:
        sums = _disputed(reading, sums)
    large = [found for found in sums if found.value >= LARGE_SUM_YUAN]
    return _as_hits(large, "severity.s1.sum")


def stonewalled(reading: Reading, types: Types) -> list[Hit]:
    """S2: two failed contacts, a week without solution, or a legal right flatly refused."""
    contacts = reading.all("severity.s2.contacts")
    if not contacts and _CONTACT.search(reading.text):
        contacts = reading.all("severity.s2.repeats")
    if contacts:
        return contacts
    if types[0] in _HAVE_RIGHTS:
        refusal = reading.all("severity.s2.refusal")
        right, denial = reading.all("severity.s2.right"), reading.all("severity.s2.denial")
        if refusal or (right and denial):
            return refusal or [*right, *denial]
    if types[0] not in _ARE_WAITED_FOR:
        return []
    waits = [span for span in reading.waits if span.value >= LONG_WAIT_DAYS]
    return _as_hits(waits, "severity.s2.wait") or reading.all("severity.s2.wait")


def threatens(reading: Reading, _: Types) -> list[Hit]:
    """S3: the author threatens to escalate or has done so."""
    return [] if reading.has("severity.s3.idle") else reading.all("severity.s3.threat")


def accuses_of_fraud(reading: Reading, _: Types) -> list[Hit]:
    """S4: explicit accusation of fraud or counterfeits."""
    return _apart_from(reading.all("severity.s4.fraud"), reading.all("severity.s4.nofraud"))


def data_exposed(reading: Reading, types: Types) -> list[Hit]:
    """S5: one person's data exposed or misused; asking for too much of it is less."""
    if T.PRIVACY_SECURITY not in types:
        return []
    exposed = reading.all("severity.s5.exposure")
    if exposed or types[0] is not T.PRIVACY_SECURITY or reading.has("severity.s5.collection"):
        return exposed
    return reading.evidence.get(T.PRIVACY_SECURITY, [])


def abused(reading: Reading, _: Types) -> list[Hit]:
    """S6: insult, threat, harassment or discrimination by staff or company."""
    return _apart_from(reading.all("severity.s6.abuse"), reading.all("severity.s6.fine"))


def irreplaceable(reading: Reading, _: Types) -> list[Hit]:
    """S7: what was lost cannot be made good."""
    return reading.all("severity.s7.lost")


RULES: dict[Severity, dict[str, Rule]] = {
    Severity.URGENT: {
        "U1": injury_or_danger,
        "U2": many_records_exposed,
        "U3": victims_together,
        "U4": authority_acts,
        "U5": service_down_for_many,
    },
    Severity.SERIOUS: {
        "S1": large_or_unauthorised_sum,
        "S2": stonewalled,
        "S3": threatens,
        "S4": accuses_of_fraud,
        "S5": data_exposed,
        "S6": abused,
        "S7": irreplaceable,
    },
}


# Groups of cues without which a rule cannot fire; the other rules read the text.
_NEEDS = {
    "U1": ("severity.u1.harm", "severity.u1.danger"),
    "U2": ("severity.u2.leak", "severity.u2.stolen"),
    "U4": ("severity.u4.acting",),
    "U5": ("severity.u5.scope",),
    "S3": ("severity.s3.threat",),
    "S4": ("severity.s4.fraud",),
    "S6": ("severity.s6.abuse",),
    "S7": ("severity.s7.lost",),
}
_RULES = {name: rule for rules in RULES.values() for name, rule in rules.items()}
_WITHOUT_CUES = frozenset(_RULES.keys() - _NEEDS.keys())
_RULES_OF_GROUP = {
    group: frozenset(name for name, needs in _NEEDS.items() if group in needs)
    for needs in _NEEDS.values()
    for group in needs
}


def fired_rules(reading: Reading, types: Types) -> list[tuple[str, Hit]]:
    """Return the words of every rule that fires for a complaint of ``types``, highest first."""
    awake = _WITHOUT_CUES.union(
        *(_RULES_OF_GROUP[group] for group in reading.hits if group in _RULES_OF_GROUP)
    )
    return [
        (name, hit)
        for name, rule in _RULES.items()
        if name in awake
        for hit in rule(reading, types)
    ]


_LEVEL_OF_RULE = {name: severity_rank(level) for level, rules in RULES.items() for name in rules}


def level_of(rule: str) -> int:
    """Return the rank of the severity that ``rule`` stands for."""
    return _LEVEL_OF_RULE[rule]


def _apart_from(hits: Iterable[Hit], excluded: list[Hit]) -> list[Hit]:
    if not excluded:
        return list(hits)
    return [
        hit
        for hit in hits
        if not any(other.start < hit.end and hit.start < other.end for other in excluded)
    ]


def _as_hits(quantities: Iterable[Quantity], group: str) -> list[Hit]:
    return [Hit(group, quantity.start, quantity.end) for quantity in quantities]


def _disputed(reading: Reading, sums: list[Quantity]) -> list[Quantity]:
    """Return what is disputed between prices: the gap named, or that of the extremes."""
    for found in sums:
        if _PRICE_GAP.search(reading.text, max(0, found.start - 5), found.start):
            return [found]
    gap = max(found.value for found in sums) - min(found.value for found in sums)
    return [sums[-1]._replace(value=gap)]
