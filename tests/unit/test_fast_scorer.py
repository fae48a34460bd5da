"""The default scorer: what every judgement promises, and what acts on the odds besides words."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from listener.errors import ConfigError
from listener.scoring.choose import open_scorer
from listener.scoring.fast import MODEL, FastScorer
from listener.scoring.model import load_model
from listener.scoring.protocol import Sentiment, TextToScore

HOSTILE = [
    "",
    " \n\t　",
    "！！！…",
    "\x02\x02",
    "a\x02b 差评",
    "\ud83d 难用",
    "\u200b\ufeff\u202e",
    "https://example.com/x",
    "@somebody",
    "哈" * 5000,
    "😡" * 50,
    "𠮷野家不错",
    "\x00垃圾\x00",
    "🙂" + "好" * 3,
    "ok",
    "12345",
]


@pytest.fixture(scope="module")
def scorer() -> FastScorer:
    return FastScorer(load_model(MODEL))


def judge(scorer: FastScorer, text: str, **keys) -> Sentiment:
    return scorer.score([TextToScore(text=text, **keys)])[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_gets_probabilities_that_sum_to_one(scorer, text):
    one = judge(scorer, text)
    assert round(one.negative + one.neutral + one.positive, 9) == 1
    assert min(one.negative, one.neutral, one.positive) >= 0
    assert one.scorer == "fast@3"


@pytest.mark.parametrize(
    "text", ["", "  \n", "！！！", "https://example.com/x?a=1", "@某某客服 ", "😡😡"]
)
def test_wordless_text_is_neutral(scorer, text):
    one = judge(scorer, text)
    assert (one.negative, one.neutral, one.positive) == (0.0, 1.0, 0.0)
    assert one.label == "neutral"
    assert one.evidence == ()


def test_a_text_is_judged_alike_alone_and_in_any_batch(scorer):
    texts = [TextToScore(text=text) for text in [*HOSTILE, "很好用", "坏了没人管"] * 40]
    together = scorer.score(texts)
    alone = [scorer.score([text])[0] for text in texts[: len(HOSTILE) + 2]]
    assert together[: len(alone)] == alone
    assert len(together) == len(texts)


def test_no_text_gives_no_judgement(scorer):
    assert scorer.score([]) == []
    assert scorer.probabilities([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("客服态度极差，打了三次电话都不处理", "negative"),
        ("质量太差了，用两天就坏", "negative"),
        ("云朵牌加湿器漏水 商家拒绝退款", "negative"),
        ("净化器电机异响", "negative"),
        ("非常满意，会一直回购", "positive"),
        ("包装精美，老人很喜欢", "positive"),
        ("市统计局发布一季度数据", "neutral"),
        ("关于调整营业时间的通知", "neutral"),
        ("The screen cracked after two days, terrible quality", "negative"),
        ("Works great and easy to use, highly recommend", "positive"),
        ("Not worth the money", "negative"),
    ],
)
def test_plain_cases(scorer, text, label):
    assert judge(scorer, text).label == label


def test_traditional_script_is_judged_as_simplified(scorer):
    for simple, traditional in (
        ("质量很差，客服不理人", "質量很差，客服不理人"),
        ("东西很好，谢谢", "東西很好，謝謝"),
    ):
        one, other = judge(scorer, simple), judge(scorer, traditional)
        assert (one.negative, one.positive) == (other.negative, other.positive)


def test_width_and_repeats_do_not_matter(scorer):
    assert judge(scorer, "太差了！！").negative == judge(scorer, "太差了！！！！！！").negative
    assert judge(scorer, "ＢＵＧ太多").negative == judge(scorer, "bug太多").negative


def test_address_and_handle_do_not_decide_the_language(scorer):
    plain = judge(scorer, "terrible service, never again")
    marked = judge(scorer, "@云朵客服 terrible service, never again https://example.com/y")
    assert marked.label == plain.label == "negative"


@pytest.mark.parametrize(
    "text",
    [
        "質量太差了！！！ＡＢＣ，客服不理人",
        "  加湿器　漏水，返修 三次",
        "Terrible, BROKE twice 😡",
    ],
)
def test_evidence_stands_in_the_text_as_given(scorer, text):
    evidence = judge(scorer, text, title="标题：太差了").evidence
    assert 1 <= len(evidence) <= 5
    assert all(word in text for word, _ in evidence)
    strengths = [abs(weight) for _, weight in evidence]
    assert strengths == sorted(strengths, reverse=True)


def test_a_title_full_of_words_leaves_the_text_its_evidence(scorer):
    title = "垃圾骗子，差劲透顶，太恶心，坑人无耻，烂到家，气死我了，恶劣至极"
    evidence = judge(scorer, "包装精美，老人很喜欢", title=title).evidence
    assert len(evidence) >= 2
    assert all(word in "包装精美，老人很喜欢" for word, _ in evidence)


def test_evidence_points_to_its_side(scorer):
    assert judge(scorer, "净化器漏水").evidence[0] == ("漏水", 2.5)
    assert judge(scorer, "真的很满意").evidence[0][1] < 0


def test_denied_fault_is_no_evidence_of_harm(scorer):
    said, denied = judge(scorer, "净化器漏电"), judge(scorer, "净化器没有出现漏电")
    assert denied.negative < said.negative
    assert ("漏电", 2.5) not in denied.evidence


def test_stars_tip_a_text_without_a_side(scorer):
    worst, none, best = (
        judge(scorer, "今天收到了", rating=rating, rating_max=5) for rating in (1, None, 5)
    )
    assert worst.negative > none.negative > best.negative
    assert worst.label == "negative"
    assert best.label == "positive"


def test_five_stars_do_not_hide_an_angry_text(scorer):
    assert judge(scorer, "垃圾，用一天就坏，客服骗人", rating=5, rating_max=5).label == "negative"


@pytest.mark.parametrize(("rating", "rating_max"), [(0, 0), (-3, 5), (99, None), (7, 5), (5, 1)])
def test_odd_ratings_break_nothing(scorer, rating, rating_max):
    one = judge(scorer, "收到了", rating=rating, rating_max=rating_max)
    assert round(one.negative + one.neutral + one.positive, 9) == 1


def test_news_is_more_neutral_than_a_review_of_the_same_words(scorer):
    text = "某品牌因刹车失灵召回部分车辆"
    assert judge(scorer, text, kind="article").neutral > judge(scorer, text, kind="review").neutral
    assert judge(scorer, text, kind="article").label == "neutral"


def test_same_batch_gives_the_same_answer_from_two_threads(scorer):
    texts = [TextToScore(text=text) for text in ["很好用", "坏了", "通知"] * 100]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(scorer.score, [texts, texts])
    assert first == second


def test_files_stay_small():
    assert MODEL.stat().st_size <= 5 * 1024 * 1024


def test_unknown_scorer_is_named():
    with pytest.raises(ConfigError, match=r"unknown scorer 'x'; use fast, snownlp"):
        open_scorer("x")
    with pytest.raises(ConfigError, match="cannot read the model"):
        open_scorer("nowhere/none.npz")
