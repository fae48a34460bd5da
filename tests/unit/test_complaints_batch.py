"""Judging many texts at once gives what judging each by itself gives."""

import random
from dataclasses import replace

import numpy as np
import pytest

from listener.complaints import TextToClassify, classify, classify_batch
from listener.complaints.learned import HEADS, shipped_heads
from listener.complaints.lexicon import JoinedTexts, Lexicon
from listener.complaints.pattern import GAP, LATIN_GAP, parse_pattern
from listener.complaints.quantities import sums_of_money
from listener.complaints.trie import Trie
from listener.scoring import fast
from listener.scoring.protocol import Sentiment, TextToScore
from tests.conftest import ROOT

SEED = 20
ODD = (
    "", " ", "\n\n", "，", "\uffff", "\u0000", "\ud800 退款", "退\u200b款", "ﬁnally　refunded",
    "e\u0301té 退款", "👨‍👩‍👧 客服", "兩  格 唔退錢", "退款" * 400, "@客服 https://a.example/退款",
)  # fmt: skip


@pytest.fixture(scope="module")
def varied() -> list[TextToClassify]:
    """Every sixteenth line of the corpora, alone and joined, some noisy, with what sources tell."""
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    files = sorted((ROOT / "listener/data/corpus").glob("**/*.tsv"))
    lines = [
        line.split("\t")[0]
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()[::16]
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


def test_a_known_sentiment_changes_no_verdict(varied: list[TextToClassify]):
    texts = varied[:400]
    scorer = fast.load()
    sentiments = scorer.score(
        [
            TextToScore(
                text=one.text, title=one.title, rating=one.rating, rating_max=one.rating_max,
                kind=one.kind or "post",
            )
            for one in texts
        ]
    )  # fmt: skip
    known = [
        replace(one, sentiment=sentiment) for one, sentiment in zip(texts, sentiments, strict=True)
    ]
    assert classify_batch(known) == classify_batch(texts)


def test_sentiment_of_another_scorer_is_not_heard():
    text = "客服一直不回复，退款也不给"
    other = Sentiment(
        negative=0.0, neutral=0.0, positive=1.0, label="positive", evidence=(), scorer="other@1"
    )
    told = TextToClassify(text=text, sentiment=other)
    assert classify_batch([told]) == [classify(text)]
    assert classify_batch([replace(told, sentiment=other._replace(scorer=fast.load().name))]) != [
        classify(text)
    ]


def test_long_batches_are_judged_in_parts():
    texts = [TextToClassify(text=f"{'好' * 90_000}，第{n}次催退款还不退") for n in range(5)]
    assert classify_batch(texts) == [classify(one.text) for one in texts]


def test_no_texts_no_verdicts():
    assert classify_batch([]) == []


def test_learned_weight_does_not_depend_on_the_neighbours(varied: list[TextToClassify]):
    texts = [one.text for one in varied[:200]]
    heads, every = shipped_heads(), slice(0, HEADS)
    alone = np.concatenate([heads.hash([text]).sums(every) for text in texts])
    together = heads.hash(texts)
    assert np.array_equal(together.sums(every), alone)
    assert np.array_equal(together.sums(every, [5, 90, 91]), alone[[5, 90, 91]])


@pytest.mark.parametrize(
    "words", [["退", "退款", "客服不", "不", "app", "款啦客服不退a"], ["app"], []]
)
def test_every_word_is_found_wherever_it_stands(words: list[str]):
    text = "退款啦客服不退app,xapp"
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    at, found = Trie(words).find(codes, np.ones(len(codes), dtype=np.bool_))
    assert sorted((place, words[word]) for place, word in zip(at, found, strict=True)) == sorted(
        (place, word)
        for word in words
        for place in range(len(text))
        if text.startswith(word, place)
    )


def test_words_are_found_only_where_they_may_begin():
    codes = np.frombuffer("退退款".encode("utf-32-le"), dtype=np.uint32)
    at, _ = Trie(["退", "退款"]).find(codes, np.array([True, False, True]))
    assert at.tolist() == [0]


def test_words_that_share_slots_are_all_found():
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    words = sorted(
        {"".join(dice.choices("退款客服不发货坏", k=dice.randint(1, 9))) for _ in range(5000)}
    )
    text = "".join(dice.choices("退款客服不发货坏", k=300))
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    at, found = Trie(words).find(codes, np.ones(len(codes), dtype=np.bool_))
    known = set(words)
    assert {(place, words[word]) for place, word in zip(at, found, strict=True)} == {
        (place, text[place:end])
        for place in range(len(text))
        for end in range(place + 1, place + 10)
        if text[place:end] in known
    }


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


def test_what_must_follow_the_opening_of_a_cue_with_a_gap():
    pattern, _ = parse_pattern("{不|没有}…{价保|补}")
    assert (pattern.choices, pattern.openings) == ((), {"不", "没有"})
    assert (pattern.follow, pattern.reach) == ({"价保", "补"}, GAP)
    assert parse_pattern("refund…late")[0].reach == LATIN_GAP
    assert parse_pattern("退{…款|}")[0].follow == frozenset()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("退…不了", "退押金还没有不了"), ("退…不了", "退,不了"), ("退…不了", "退一二三四五六七不了"),
        ("{拿…寻|寻}开心", "拿人寻开心,寻开心"), ("领{光|完}{了|$}", "领完,领光了,领光的,领完"),
        ("{不|没有}…{价保|补}", "不给价保,没有价,没有补,不价"), ("退$", "退退款,退"),
        ("charged …twice", "charged me for it twice"), ("a{b|c}…{d|…e|}", "ab,abcd,ac e"),
    ],
)  # fmt: skip
def test_lexicon_finds_what_the_expression_of_a_cue_matches(source: str, text: str):
    pattern, _ = parse_pattern(source)
    expected: list[tuple[int, int]] = []
    for start in range(len(text)):
        end = pattern.end_of_match(text, start)
        if end > (expected[-1][1] if expected else 0):
            expected.append((start, end))
    alone = [(hit.start, hit.end) for hit in Lexicon({"a": [source]}).scan(text)]
    beside = Lexicon({"a": [source]}).find(JoinedTexts([text, text]))
    first = beside.text == 0
    assert alone == expected
    assert list(zip(beside.start[first], beside.end[first], strict=True)) == expected


def test_sums_stand_apart_as_they_are_read_from_the_left():
    found = [(one.value, one.start) for one in sums_of_money("us$ 30和20元,花了三千二 没钱")]
    assert found == [(210.0, 4), (20.0, 7), (3200.0, 13)]
