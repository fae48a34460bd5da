"""How a matter spread, from what was collected; what is not known stays unknown."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from listener.detect.spread import Spoken, spread_of

START = datetime(2026, 11, 22, tzinfo=UTC)


def said(number: int, platform: str = "微博", minute: int | None = None, **values) -> Spoken:
    at = START + timedelta(minutes=number if minute is None else minute)
    return Spoken(id=number, platform=platform, at=at, **values)


def test_the_path_names_platforms_in_the_order_they_were_reached():
    spread = spread_of([said(3, "知乎"), said(1, "小红书"), said(2), said(4, "小红书")])
    assert [(one.platform, one.mentions) for one in spread.path] == [
        ("小红书", 2),
        ("微博", 1),
        ("知乎", 1),
    ]
    assert spread.path[0].first_at == START + timedelta(minutes=1)


def test_an_amplifier_is_an_account_of_reach_or_a_post_that_moved_people():
    spread = spread_of(
        [
            said(1, author="a", followers=200_000),
            said(2, author="a", followers=210_000),
            said(3, author="b", interactions=5_000),
            said(4, author="c"),
        ]
    )
    assert [one.id for one in spread.amplifiers] == [3, 2]


def test_the_tree_has_the_depth_and_width_of_the_known_reposts():
    reposts = [said(2, parent=1), said(3, parent=1), said(4, parent=3), said(5, parent=99)]
    spread = spread_of([said(1), *reposts, said(6, is_repost=True)])
    assert (spread.tree.linked, spread.tree.depth, spread.tree.width) == (3, 2, 2)
    assert spread.tree.unknown == 1


def test_what_is_unknown_stays_unknown():
    spread = spread_of([said(1), said(2, is_repost=True)])
    assert spread.tree is None
    assert spread.amplifiers == ()
    assert not spread.is_reach_known
    assert not spread.is_engagement_known
    assert spread_of([]) is None


def test_parents_in_a_circle_do_no_harm():
    spread = spread_of([said(1, parent=2), said(2, parent=1), said(3, parent=3)])
    assert spread.tree.linked == 1


MENTIONS = st.lists(
    st.builds(
        Spoken,
        id=st.integers(1, 12),
        platform=st.sampled_from(["微博", "知乎", "抖音"]),
        at=st.integers(0, 90).map(lambda minute: START + timedelta(minutes=minute)),
        author=st.none() | st.sampled_from("abc"),
        followers=st.none() | st.integers(0, 10**6),
        interactions=st.none() | st.integers(0, 10**5),
    ),
    unique_by=lambda one: one.id,
)


@given(MENTIONS, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(mentions, chance: random.Random):
    mixed = mentions + mentions
    chance.shuffle(mixed)
    assert spread_of(mixed) == spread_of(mentions)
