"""Which texts are one story."""

import random
import re

import pytest

from listener.text.near import BANDS, SAME_STORY, bands_of, similarity, story_key
from listener.text.repost import take_apart

TEMPLATE = "朋友们千万别买云杉的破壁机，用了三天就漏电，找客服还说是我操作不当，大家转起来"


def alike(one, other):
    return similarity(story_key(one).signature, story_key(other).signature)


@pytest.mark.parametrize(
    "variant",
    [
        "姐妹们千万别买云杉的破壁机，用了两天就漏电，找客服还说是我操作不当，大家转起来！！",
        "朋友們千萬別買雲杉的破壁機，用了三天就漏電，找客服還說是我操作不當，大家轉起來",
        "朋友们千万别买云杉家的破壁机 用了三天就漏电 找客服竟然说是我操作不当 大家快转起来🙏",
        "【曝光】朋友们千万别买云杉的破壁机，用了三天就漏电，找客服还说是我操作不当，大家转起来 http://t.example/x",
    ],
)
def test_templates_with_words_exchanged_are_one_story(variant):
    assert alike(TEMPLATE, variant) >= SAME_STORY
    assert set(story_key(TEMPLATE).bands) & set(story_key(variant).bands)


@pytest.mark.parametrize(
    "other",
    [
        "云杉破壁机买回来才三天，打豆浆的时候手一麻，居然漏电，客服让我自己找电工",
        "我家云杉那台也漏电，打客服电话说是操作问题，气死了，准备投诉到底",
        "云杉的破壁机用了三年了，没出过毛病，声音大了点，其他都挺满意",
    ],
)
def test_people_with_the_same_trouble_in_their_own_words_are_separate_stories(other):
    assert alike(TEMPLATE, other) < 0.3


def test_short_texts_are_one_story_only_when_their_words_are_equal():
    assert story_key("又闪退了！").fingerprint == story_key("又 闪退 了").fingerprint
    assert story_key("又闪退了").signature == b""
    assert similarity(b"", b"") == 0.0


def test_the_estimate_is_close_to_the_true_similarity():
    seed = 20
    print("seed", seed)
    rng = random.Random(seed)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 500)]
    errors = []
    for changes in range(0, 40, 2):
        one = [rng.choice(letters) for _ in range(60)]
        other = list(one)
        for at in rng.sample(range(60), changes):
            other[at] = rng.choice(letters)
        a, b = ({t[i : i + 3] for i in range(58)} for t in ("".join(one), "".join(other)))
        errors.append(abs(alike("".join(one), "".join(other)) - len(a & b) / len(a | b)))
    assert sum(errors) / len(errors) < 0.05


def test_signatures_do_not_change_between_versions():
    """They are stored: another value would tear every stored story apart."""
    key = story_key("一二三四五六七八九十甲乙丙丁戊己庚辛壬癸")
    assert len(key.signature) == 512
    assert key.signature[:8].hex() == "dd17f9c1b9c119c0"
    assert len(bands_of(key.signature)) == BANDS


@pytest.mark.parametrize(
    ("text", "own", "original"),
    [
        (
            "笑死//@甲乙:确实//@云杉受害者：用了三天就漏电，找客服没人理",
            "笑死",
            "用了三天就漏电，找客服没人理",
        ),
        (
            "RT @someone: the blender caught fire yesterday",
            "",
            "the blender caught fire yesterday",
        ),
        ("转发自@小林：云杉的破壁机漏电了大家小心", "", "云杉的破壁机漏电了大家小心"),
        ("【转】云杉的破壁机漏电了大家小心", "", "云杉的破壁机漏电了大家小心"),
    ],
)
def test_a_repost_belongs_to_what_it_passes_on(text, own, original):
    parts = take_apart(text)
    assert (parts.own.strip(), parts.original) == (own, original)
    key = story_key(text)
    assert key.is_repost
    assert key.fingerprint == story_key(original).fingerprint


@pytest.mark.parametrize(
    "text", ["转发微博", "转发微博//@甲:哦", "Repost", "轉發", "转", "转发微博 🙏"]
)
def test_a_repost_that_says_nothing_is_known_as_such(text):
    assert story_key(text).is_bare_repost


@pytest.mark.parametrize(
    "text",
    [
        "很好用",
        "转账失败了怎么办",
        "转：",
        "",
        "🙂",
        "https://a.example//@x",
        "RT-Mart 排队两小时",
    ],
)
def test_ordinary_texts_are_no_reposts(text):
    assert not story_key(text).is_repost


def test_quoted_lines_do_not_make_a_reply_the_story_it_answers():
    quoted = "※ 引述《user (暱稱)》之銘言：\n: 雲杉的果汁機用了三天就漏電真的很扯\n: 客服也不理人\n我家的用兩年了沒事，樓主是不是買到水貨"
    plain = "我家的用兩年了沒事，樓主是不是買到水貨"
    assert story_key(quoted).fingerprint == story_key(plain).fingerprint


def test_patterns_stay_fast_on_long_hostile_texts():
    for text in ("//@a" * 20_000, "转" * 50_000, "@" * 50_000, "rtrt" * 20_000, ": \n" * 20_000):
        assert isinstance(story_key(text).fingerprint, str)
    assert re.fullmatch(r"[0-9a-f]{32}", story_key("x" * 100_000).fingerprint)
