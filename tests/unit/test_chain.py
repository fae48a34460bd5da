"""The approval chain: who must sign, who can, and that nobody is waited for who is not there."""

import itertools
import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crisis.chain import Signature, Standing, chain_of, rule_for, seat_for
from crisis.compare import differences
from crisis.legal import legal_triggers
from crisis.promises import promised_time
from listener.config import Person, Role

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def team(**people):
    return [
        Person(
            key=key,
            name=key,
            roles=tuple(Role(one) for one in roles if not one.startswith("~")),
            deputy_for=tuple(one[1:] for one in roles if one.startswith("~")),
        )
        for key, roles in people.items()
    ]


FULL = team(lin=["lead"], fa=["legal"], zong=["executive"], zhou=["officer"], adm=["admin"])


def sign_all(rule, people, author="system", order=None):
    """Let everybody press once, in an order; return the signatures and the chain."""
    signatures = []
    for person in people if order is None else order:
        chain = chain_of(rule, people, author=author, signatures=signatures)
        one = seat_for(
            chain, rule, people, person=person, author=author, signatures=signatures, now=NOW
        )
        if one is not None:
            signatures.append(one)
    return signatures, chain_of(rule, people, author=author, signatures=signatures)


def roles(rule):
    return [str(role) for role in rule.roles]


def test_general_needs_the_lead_serious_what_is_triggered_urgent_three_at_once():
    assert roles(rule_for("general", ["lead", "legal"], ["money"])) == ["lead"]
    assert roles(rule_for("serious", ["lead"])) == ["lead"]
    assert roles(rule_for("serious", ["lead"], ["money"])) == ["lead", "legal"]
    assert roles(rule_for("serious", ["lead", "legal"])) == ["lead", "legal"]
    assert roles(rule_for("urgent", ["lead"])) == ["lead", "legal", "executive"]
    assert not rule_for("urgent", []).in_order
    assert rule_for("serious", []).in_order


@pytest.mark.parametrize("order", list(itertools.permutations(FULL[:3])))
def test_an_urgent_chain_is_signed_in_any_order_and_needs_all(order):
    rule = rule_for("urgent", ["lead"])
    for count in range(4):
        signatures, chain = sign_all(rule, FULL, order=order[:count])
        assert chain.signed == count
        assert chain.is_complete == (count == 3)
    assert {one.role for one in signatures} == {"lead", "legal", "executive"}


def test_a_serious_chain_is_signed_in_order():
    rule = rule_for("serious", ["lead", "legal"])
    signatures, chain = sign_all(rule, FULL, order=[FULL[1]])
    assert signatures == []
    assert [step.role for step in chain.waiting] == [Role.LEAD]
    _, chain = sign_all(rule, FULL, order=[FULL[0], FULL[1]])
    assert chain.is_complete


def test_a_deputy_signs_for_a_role_and_is_named_as_one():
    people = team(lin=["lead"], zhou=["officer", "~legal"])
    signatures, chain = sign_all(rule_for("urgent", []), people)
    assert [(one.person, one.role, one.standing) for one in signatures] == [
        ("lin", "lead", Standing.HOLDER),
        ("zhou", "legal", Standing.DEPUTY),
    ]
    assert chain.left_out == (Role.EXECUTIVE,)
    assert chain.is_complete


def test_a_vacant_role_is_countersigned_by_a_second_person():
    people = team(lin=["lead"], he=["lead"])
    signatures, chain = sign_all(rule_for("urgent", []), people)
    assert [(one.person, one.role, one.standing) for one in signatures] == [
        ("lin", "lead", Standing.HOLDER),
        ("he", "legal", Standing.COUNTERSIGN),
    ]
    assert chain.is_complete


def test_a_single_lead_approves_alone_what_nobody_else_could_sign():
    _, chain = sign_all(rule_for("urgent", []), team(lin=["lead"], zhou=["officer"]))
    assert chain.is_complete
    assert chain.left_out == (Role.LEGAL, Role.EXECUTIVE)


def test_the_author_never_signs_and_a_chain_without_signers_is_never_complete():
    people = team(lin=["lead"], zhou=["officer"])
    signatures, chain = sign_all(rule_for("urgent", []), people, author="lin")
    assert signatures == []
    assert not chain.is_complete
    assert chain.needed == 0


def test_one_person_with_two_roles_takes_the_one_that_only_they_can_fill():
    people = team(lin=["lead", "legal"], he=["lead"], zong=["executive"])
    signatures, chain = sign_all(rule_for("urgent", []), people)
    assert {one.person: one.role for one in signatures} == {
        "lin": "legal",
        "he": "lead",
        "zong": "executive",
    }
    assert chain.is_complete


def test_no_team_deadlocks_nobody_signs_twice_and_admins_do_not_sign():
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    kinds = ["lead", "legal", "executive", "business", "officer", "admin", "reader"]
    kinds += ["~lead", "~legal", "~executive"]
    for _ in range(600):
        people = team(
            **{
                f"p{n}": ["reader", *draw.sample(kinds, draw.randint(1, 3))]
                for n in range(draw.randint(1, 6))
            }
        )
        author = draw.choice(["system", "p0"])
        rule = rule_for(draw.choice(["general", "serious", "urgent"]), ["lead", "business"])
        order = draw.sample(people, len(people))
        signatures, chain = sign_all(rule, people, author, order=order * 4)
        able = [
            one
            for one in people
            if one.key != author
            and ({*one.roles} | {Role(r) for r in one.deputy_for})
            & {Role.LEAD, Role.LEGAL, Role.EXECUTIVE}
        ]
        if able:
            assert chain.is_complete, (people, author, rule)
        keys = [one.person for one in signatures]
        assert len(set(keys)) == len(keys)
        assert author not in keys
        assert len({one.role for one in signatures}) == len(signatures)
        for one in people:
            if set(one.roles) <= {Role.ADMIN, Role.READER, Role.OFFICER} and not one.deputy_for:
                assert one.key not in keys


def test_a_signature_for_a_role_no_longer_asked_for_does_not_complete_the_chain():
    old = [Signature(person="zong", role="executive", standing="holder", at=NOW)]
    chain = chain_of(rule_for("serious", ["lead"]), FULL, author="system", signatures=old)
    assert not chain.is_complete


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("每位受影响的用户将获得 200 元补偿", ("money", "compensation")),
        ("我们已报警，并将追究造谣者的法律责任", ("proceedings", "denial", "threat")),
        ("我们第一时间成立专项小组，将于 18 时前公布最新进展", ()),
        ("我们已启动应急响应，最近一周新增 3 个服务点", ()),
        ("Two people were injured and we regret it", ("harm",)),
    ],
)
def test_legal_triggers(text, expected):
    assert legal_triggers(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("11月22日12时30分", "2026-11-22T12:30:00+08:00"),
        ("11月22日下午3点", "2026-11-22T15:00:00+08:00"),
        ("1月2日9時", "2027-01-02T09:00:00+08:00"),
        ("12:30 on 22 November", "2026-11-22T12:30:00+08:00"),
        ("2026-11-22T05:00:00+00:00", "2026-11-22T05:00:00+00:00"),
        ("尽快", None),
        ("2月30日9时", None),
    ],
)
def test_a_promised_time_is_read_back(value, expected):
    near = datetime(2026, 12, 20, 3, 0, tzinfo=UTC) if value.startswith("1月") else NOW
    found = promised_time(value, tz=ZoneInfo("Asia/Shanghai"), near=near)
    assert (found and found.isoformat()) == expected


def test_texts_are_compared_by_sentence():
    before = "我们注意到反馈。\n原因正在核实。将于18时前公布。"
    after = "我们注意到反馈。原因已查明。将于18时前公布。"
    assert differences(before, after) == [("-", "原因正在核实。"), ("+", "原因已查明。")]
    assert differences(before, before.replace("\n", "")) == []
