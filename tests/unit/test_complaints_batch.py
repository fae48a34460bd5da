"""Judging many texts at once gives what judging each by itself gives."""

import random

import numpy as np
import pytest

from listener.complaints import TextToClassify, classify, classify_batch
from listener.complaints.heads import HeadTables
from listener.complaints.learned import HEADS, shipped_heads
from listener.complaints.lexicon import Lexicon
from listener.complaints.pattern import parse_pattern
from listener.complaints.quantities import sums_of_money
from tests.conftest import ROOT

SEED = 20
ODD = (
    "", " ", "\n\n", "，", "\uffff", "\u0000", "\ud800 退款", "退\u200b款", "ﬁnally　refunded",
    "e\u0301té 退款", "👨‍👩‍👧 客服", "兩  格 唔退錢", "退款" * 400, "@客服 https://a.example/退款",
)  # fmt: skip


@pytest.fixture(scope="module")
def varied() -> list[TextToClassify]:
    """Every eighth line of the corpora, alone and joined, some noisy, with what sources tell."""
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    files = sorted((ROOT / "listener/data/corpus").glob("**/*.tsv"))
    lines = [
        line.split("\t")[0]
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()[::8]
    ]
    texts = [*lines, *(f"{dice.choice(lines)}\n{dice.choice(lines)}" for _ in range(300)), *ODD]
    for _ in range(200):
        text = dice.choice(lines)
        at = dice.randrange(len(text) + 1)
        texts.append(text[:at] + dice.choice("\u200b \n①ﬁé３元$…{没不") + text[at:])
    dice.shuffle(texts)
    return [
        TextToClassify(
            text=text,
            title=dice.choice((None, None, "投訴  某店", "好评")),
            rating=dice.choice((None, 1.0, 5.0)),
            rating_max=dice.choice((None, 10.0)),
            kind=dice.choice((None, "complaint", "article")),
            lang=dice.choice((None, "zh-HK", "zh-TW", "en")),
        )
        for text in texts
    ]


def test_a_batch_is_judged_as_its_texts_are_classify(varied: list[TextToClassify]):
    together = classify_batch(varied)
    assert any(judged.is_complaint for judged in together)
    for one, judged in zip(varied, together, strict=True):
        alone = classify(
            one.text, title=one.title, rating=one.rating, rating_max=one.rating_max,
            kind=one.kind, lang=one.lang,
        )  # fmt: skip
        assert judged == alone, one


def test_long_batches_are_judged_in_parts():
    texts = [TextToClassify(text=f"{'好' * 90_000}，第{n}次催退款还不退") for n in range(5)]
    assert classify_batch(texts) == [classify(one.text) for one in texts]


def test_no_texts_no_verdicts():
    assert classify_batch([]) == []
    assert shipped_heads().hash([]).sums(slice(0, HEADS)).shape == (0, HEADS)


def test_learned_weight_does_not_depend_on_the_neighbours(varied: list[TextToClassify]):
    texts = [one.text for one in varied[:200]]
    heads, every = shipped_heads(), slice(0, HEADS)
    alone = np.concatenate([heads.hash([text]).sums(every) for text in texts])
    together = heads.hash(texts)
    assert np.array_equal(together.sums(every), alone)
    assert np.array_equal(together.sums(every, [5, 90, 91]), alone[[5, 90, 91]])


def test_every_head_is_found_wherever_it_stands():
    heads = ["退", "退款", "客服不", "不", "app"]
    tables = HeadTables(heads)
    text = "退款啦客服不退app,xapp"
    at, numbers = tables.find(np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32))
    assert [(place, heads[number]) for place, number in zip(at, numbers, strict=True)] == [
        (0, "退款"), (3, "客服不"), (5, "不"), (6, "退"), (7, "app"),
    ]  # fmt: skip


def cues_found(groups: dict[str, list[str]], text: str) -> list[tuple[str, str]]:
    hits = Lexicon(groups).scan(text)
    return [(hit.group, text[hit.start : hit.end]) for hit in hits]


def test_the_longest_cue_of_a_group_wins_and_groups_do_not_disturb_each_other():
    groups = {"a": ["退款", "退{款|款不|}", "退…到"], "b": ["退款", "款"]}
    assert cues_found(groups, "退款不到") == [("a", "退款不到"), ("b", "退款")]


def test_the_preferred_wording_of_a_cue_wins_as_in_an_expression():
    # The longer first piece is preferred, though the shorter one would lead further.
    assert cues_found({"a": ["{退不|退}{|不了钱}"]}, "退不了钱") == [("a", "退不")]


def test_no_wording_ends_inside_a_latin_word():
    groups = {"a": ["{ab|a}{|bcde}"]}
    assert cues_found(groups, "ab,abcde,abc") == [("a", "ab"), ("a", "abcde")]


def test_cue_with_a_gap_is_not_tried_without_what_it_needs():
    pattern, _ = parse_pattern("不…{价保|补差}")
    assert (pattern.choices, pattern.needs) == ((), frozenset("价补"))
    assert parse_pattern("退{…款|}")[0].needs == frozenset()


def test_sums_stand_apart_as_they_are_read_from_the_left():
    found = [(one.value, one.start) for one in sums_of_money("us$ 30和20元,花了三千二 没钱")]
    assert found == [(210.0, 4), (20.0, 7), (3200.0, 13)]
