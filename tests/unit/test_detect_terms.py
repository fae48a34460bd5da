"""Which words are new: whole words, in the spelling people use, against what is usual."""

import random
import time
from itertools import product

import pytest

from listener.detect.terms import NewTerm, new_terms

WHO = ("昨天", "刚买的", "用了三天", "朋友推荐的", "第二次买", "今天收到", "给爸妈买的", "感觉")
WHAT = ("手机", "快递", "客服", "屏幕", "电池", "系统", "拍照", "价格", "包装", "信号")
HOW = ("太慢了", "不错", "很失望", "一般般", "真的差", "还可以", "有点贵", "没人理", "不满意")
USUAL = ["".join(parts) + "。" for parts in product(WHO, WHAT, HOW)]


def complaints(count: int = 300, seed: int = 7) -> list[str]:
    """Return texts about a firmware update that bricked routers and cut Wi-Fi."""
    chance = random.Random(seed)
    before = ("昨晚", "自动", "强制", "手动", "", "推送的", "刚做完")
    update = ("固件更新", "固件更新", "固件更新", "固件升级")
    then = ("后直接", "就", "完", "之后", "，", "。结果")
    dead = ("变砖了", "变砖", "变砖！", "变砖😡")
    cut = (
        "WiFi连不上",
        "一直连不上",
        "完全連不上",
        "连不上网",
        "版本2.3.1",
        "v2.3.1有毒",
        "求解释",
    )
    return [
        "".join(map(chance.choice, (before, update, then, dead)))
        + "，"
        + chance.choice(cut)
        + "，"
        + chance.choice(USUAL)
        for _ in range(count)
    ]


def found(window: list[str], baseline: list[str] | None = None, **options: object) -> list[str]:
    terms = new_terms(window, USUAL if baseline is None else baseline, **options)  # type: ignore[arg-type]  # passed through
    return [term.term for term in terms]


def test_whole_words_are_found_and_pieces_of_words_are_not() -> None:
    terms = found(complaints())
    assert {"变砖", "固件更新", "连不上", "2.3.1", "WiFi"} <= set(terms)
    assert not {"件更", "固件更", "件更新", "不上", "连不", "不上wi"} & set(terms)


def test_what_is_usual_is_not_new() -> None:
    assert found(USUAL[::7]) == []
    assert not {"客服", "手机", "屏幕"} & set(found(complaints(), most=50))


def test_counts_are_of_distinct_texts_and_shares_of_the_baseline() -> None:
    window = [f"屏幕{n}碎屏" for n in "甲乙丙丁戊己"] + ["碎屏！"] * 50
    baseline = [*USUAL, "碎屏"]
    (term,) = [term for term in new_terms(window, baseline) if term.term == "碎屏"]
    assert term == NewTerm("碎屏", 7, 1 / len(baseline))


def test_the_spelling_most_people_use_is_shown() -> None:
    window = [f"{n}碎屏險騙人" for n in "甲乙丙"] + ["丁碎屏险骗人"]
    assert found(window, []) == ["碎屏險騙人"]
    texts = [f"{n} OTA 失败" for n in "甲乙丙丁"] + ["戊 ota 失败"]
    assert "OTA" in found(texts)


def test_versions_are_one_word_with_or_without_v() -> None:
    window = [f"{n}升到v2.3.1卡死" for n in "甲乙丙"] + [f"{n}，2.3.1闪退" for n in "丁戊己"]
    assert "2.3.1" in found(window)


def test_a_latin_word_is_not_found_inside_another() -> None:
    window = [f"{n} ota" for n in "甲乙丙丁戊己"]
    (term,) = new_terms(window, ["total quota rotation", *USUAL])
    assert (term.term, term.count, term.baseline_share) == ("ota", 6, 0.0)
    (known,) = new_terms(window, ["ota", *USUAL])
    assert known.baseline_share > 0


def test_nested_words_with_the_same_support_become_the_longest() -> None:
    window = [f"{n}电池鼓包{m}" for n, m in zip("甲乙丙丁戊己", "子丑寅卯辰巳", strict=True)]
    assert found(window, []) == ["电池鼓包"]


def test_a_longer_word_stands_beside_a_shorter_one_only_if_it_is_common() -> None:
    ends = "子丑寅卯辰巳午未申酉"
    common = [f"{n}鼓包{m}" for n, m in zip("甲乙丙丁戊", ends, strict=False)]
    common += [f"{n}电池鼓包{m}" for n, m in zip("己庚辛壬癸", ends, strict=False)]
    assert set(found(common, [])) == {"鼓包", "电池鼓包"}
    rare = [f"{n}鼓包{m}" for n, m in zip("甲乙丙丁戊己庚", ends, strict=False)]
    rare += [f"{n}电池鼓包{m}" for n, m in zip("辛壬癸", ends, strict=False)]
    assert found(rare, []) == ["鼓包"]
    one_more = [f"{n}鼓包{m}" for n, m in zip("甲乙丙丁戊", ends, strict=False)]
    one_more += [f"{n}大鼓包{m}" for n, m in zip("己庚辛壬癸", ends, strict=False)]
    assert found(one_more, []) == ["鼓包"]


def test_a_common_word_inside_a_rarer_and_newer_one_is_not_told_beside_it() -> None:
    window = [f"{n}电池鼓包{m}" for n, m in zip("甲乙丙丁", "子丑寅卯", strict=True)]
    window += [f"{n}电池{m}" for n, m in zip("戊己庚辛", "辰巳午未", strict=True)]
    usual = [f"{n}电池{m}{k}" for n, m, k in product("甲乙丙丁", "子丑寅卯", "一二三四五")]
    assert found(window, usual + USUAL[:100]) == ["电池鼓包"]


def test_a_fixed_phrase_longer_than_six_is_shown_whole() -> None:
    window = [f"{n}路由器集体变砖事件{m}" for n, m in zip("甲乙丙丁", "子丑寅卯", strict=True)]
    assert found(window, []) == ["路由器集体变砖事件"]


def test_a_copied_text_has_no_words_of_its_own() -> None:
    copied = "坚决抵制某品牌长期欺骗广大消费者的恶劣行径"
    assert found([f"{n}{copied}{n}" for n in "甲乙丙丁戊"], []) == []


def test_ignored_words_are_no_news_and_end_the_words_beside_them() -> None:
    window = [f"{n}小米路由固件更新失败{m}" for n, m in zip("甲乙丙丁", "子丑寅卯", strict=True)]
    assert found(window, [], ignore=["小米路由", ""]) == ["固件更新失败"]
    assert found([f"{n} Acme" for n in "甲乙丙丁"], [], ignore=["ACME"]) == []


def test_function_words_and_noise_are_no_terms() -> None:
    window = [
        f"{n}怎么，哈哈哈哈！时候 the 11 12{m}"
        for n, m in zip("甲乙丙丁", "子丑寅卯", strict=True)
    ]
    assert found(window, []) == []


def test_the_strongest_come_first_and_no_more_than_asked() -> None:
    window = complaints()
    everything = new_terms(window, USUAL, most=50)
    assert [term.term for term in everything[:3]] == found(window, most=3)
    assert found(window, most=0) == []


@pytest.mark.parametrize("window", [[], [""], ["a"], ["变砖"], ["变砖", "变砖"], ["\n\n", "？！"]])
def test_too_little_text_says_nothing(window: list[str]) -> None:
    assert found(window) == []
    assert found(window, []) == []


def test_a_small_window_without_any_baseline_still_tells_something() -> None:
    assert "变砖" in found(complaints(8), [])


def test_hidden_characters_do_not_break_it() -> None:
    window = [f"{n}变\u200b砖\u0301 OTA" for n in "甲乙丙丁"] + [f"{n}变砖，" for n in "戊己庚"]
    assert "OTA" in found(window, [])


def test_the_order_of_texts_does_not_matter() -> None:
    window = complaints(80)
    assert new_terms(window, USUAL) == new_terms(window[::-1], USUAL[::-1])


def test_it_is_fast_enough_to_do_at_every_alert() -> None:
    window, baseline = complaints(), [text + text[::-1] for text in USUAL] * 3
    baseline = [f"{text}{number}" for number, text in enumerate(baseline)][:2000]
    new_terms(window, baseline)
    begun = time.perf_counter()
    new_terms(window, baseline)
    # 0.1 s when the machine is idle; the margin is for busy ones.
    assert time.perf_counter() - begun < 1.0
