"""A batch is judged in a few passes over all its texts; each gets what it would get alone."""

import random

import numpy as np
import pytest

from listener.scoring.fast import BATCH, MODEL, FastScorer
from listener.scoring.grams import MAX_CHARS, fold_batch, hash_grams, hash_ones
from listener.scoring.irony import IronyCues
from listener.scoring.model import load_model
from listener.scoring.protocol import TextToScore
from listener.scoring.rules import HarmTerms
from listener.scoring.spans import MAX_EVIDENCE, MOST_PEAKS, Spans, apart, together

SEED = 20_261_122
PIECES = [
    *("云朵牌加湿器", "漏水", "没有漏电", "客服", "不理人", "谢谢", "真好", "等了三个月", "又坏了"),
    *("雲朵牌加濕器", "質量太差", "謝謝", "壞了", "很滿意", "不是", "不", "没", "服了", "呢"),
    *("The pump broke", " not good ", "love it", "ok", "ＡＢＣ", "ﬁ", "İ", "ß", "ありがとう", "감사"),
    *("😡", "🙂", "👍🏽", "𠮷", "\U000e0041", "[微笑]", "❤️", "…", "！！！", "？", "。", "，", "“", "”"),
    *("\x00", "\x02", "\x02\x02", "\x1b[31m", "\u200b", "\ufeff", "\u202e", "\ud83d", "\udc00"),
    *(" ", "  ", "　", "\n", "\r\n", "\t", "哈哈哈哈", "aaaa", "@云朵客服 ", "@a_b", "https://a.example/b "),
]  # fmt: skip
KINDS = ("post", "news", "article", "review", "complaint", "notice")


@pytest.fixture(scope="module")
def scorer() -> FastScorer:
    return FastScorer(load_model(MODEL))


@pytest.fixture(scope="module")
def texts() -> list[TextToScore]:
    """Texts of every length and script; some with title, kind and stars."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    sizes = [0, 1, 2, 3, 5, 8, 13, 30]

    def made(most: int = MAX_CHARS * 2) -> str:
        return "".join(rng.choices(PIECES, k=rng.choice(sizes)))[:most]

    found = [TextToScore(text=made()) for _ in range(BATCH)]
    for _ in range(BATCH // 2):
        found.append(
            TextToScore(
                text=made(),
                title=rng.choice([None, "", made(40)]),
                kind=rng.choice(KINDS),
                rating=rng.choice([None, 1, 3, 5, 8]),
                rating_max=rng.choice([None, 5, 10]),
            )
        )
    found += [TextToScore(text="".join(rng.choices(PIECES, k=900))) for _ in range(4)]
    found += [TextToScore(text=""), TextToScore(text="差" * 5 * MAX_CHARS)]
    rng.shuffle(found)
    return found


def test_each_text_of_a_batch_is_judged_as_alone(scorer, texts):
    assert scorer.score(texts) == [scorer.score([text])[0] for text in texts]


def test_the_order_of_a_batch_changes_nothing(scorer, texts):
    order = list(range(len(texts)))
    random.Random(SEED).shuffle(order)
    straight = scorer.score(texts)
    assert scorer.score([texts[place] for place in order]) == [straight[place] for place in order]


def test_evidence_does_not_change_the_chances(scorer, texts):
    chances = [(one.negative, one.neutral, one.positive) for one in scorer.score(texts)]
    assert scorer.probabilities(texts).tolist() == [list(three) for three in chances]


def test_a_watch_hides_no_cue_and_no_term(texts):
    model = load_model(MODEL)
    cues, terms = IronyCues(model.tables), HarmTerms(model.tables)
    watching = FastScorer(model)._model
    batch = fold_batch([text.text for text in texts], model.tables)
    every, some = model.judge(batch), watching.judge(batch)
    assert len(some.watched) < len(every.watched) / 2
    for find in (cues.marks, terms.find):
        found, expected = find(batch, some), find(batch, every)
        for name in found.__slots__:
            assert np.array_equal(getattr(found, name), getattr(expected, name))


def test_single_rows_come_from_the_same_buckets_by_character_and_by_hash(scorer, texts):
    model = load_model(MODEL)
    codes = fold_batch([text.text for text in texts], model.tables).codes
    assert codes.max() >= 0x20000
    assert np.array_equal(model._take_chars(codes), model._take(hash_ones(codes)))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("看https://a.example/b?c=1。好", "看。好"),
        ("看http://a.example/@b 好", "看 好"),
        ("@https://a.example/b 好", "@ 好"),
        ("@a_b.c好", "@好"),
        ("@@ab 好", "@@ 好"),
        ("@云朵客服：好", "@:好"),
        ("@云朵客服", "@云朵客服"),  # nothing else is said
        ("好@云朵客服", "好@"),
        ("好@云朵客服的人太多了说不完", "好@云朵客服的人太多了说不完"),
        ("http:/a", "http:/a"),
        ("哈哈哈哈  好", "哈哈 好"),
    ],
)
def test_addresses_handles_and_repeats_are_dropped(text, left):
    tables = load_model(MODEL).tables
    batch = fold_batch(["前", text, "后"], tables)
    assert batch.text().split("\x02\x02")[2] == left


def test_denied_ngrams_end_with_the_clause():
    tables = load_model(MODEL).tables
    batch = fold_batch(["不是很好用的", "不行。真好", "没"], tables)
    # Two separators, the negator, what stands behind it, and then four positions.
    assert hash_grams(batch).denied_at.tolist() == [4, 5, 6, 7]


def test_spans_that_lie_on_one_another_are_chosen_as_one_by_one():
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    size, room = 60, 40
    joined = "".join(map(chr, range(0x4E00, 0x4E00 + size * room)))
    for _ in range(20):
        peaks, rules = made_spans(rng, size, room)
        spans, doubtful = together(peaks, rules, size)
        for text in range(size):
            own = [span for part in (rules, peaks) for span in part.of([text])[0]]
            if text in doubtful:
                assert any(text == one for one in rules.text)
            elif text in rules.text:
                words = [(joined[first:last], w) for w, first, last in spans.of([text])[0]]
                assert tuple(words) == apart(joined, own)
            else:
                assert spans.of([text])[0] == own[:MAX_EVIDENCE]
        assert len(doubtful) < len(set(rules.text.tolist()))


def made_spans(rng: random.Random, size: int, room: int) -> tuple[Spans, Spans]:
    """Peaks that lie apart, ranked, and rules anywhere."""
    peaks, rules = [], []
    for text in range(size):
        begins = sorted(
            rng.sample(range(text * room, (text + 1) * room - 3, 3), rng.randint(0, 6))
        )
        own = [
            (text, round(rng.choice((-1, 1)) * rng.randint(3, 300) / 100, 2), begin, begin + 2)
            for begin in begins
        ]
        peaks += sorted(own, key=lambda span: -abs(span[1]))[:MOST_PEAKS]
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            begin = rng.randrange(text * room, (text + 1) * room - 4)
            rules.append((text, rng.choice((2.5, 0.8)), begin, begin + rng.randint(2, 4)))
    return as_spans(peaks), as_spans(rules)


def as_spans(rows: list[tuple[int, float, int, int]]) -> Spans:
    text, weight, begin, end = zip(*rows, strict=True)
    return Spans(np.array(text), np.array(weight), np.array(begin), np.array(end))
