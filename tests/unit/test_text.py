import pytest

from listener.text.clean import clean_text, html_to_text, strip_markup
from listener.text.fingerprint import search_terms, text_fingerprint
from listener.text.fold import fold, fold_with_offsets
from listener.text.language import detect_language
from listener.text.mask import mask_personal_data


def test_tags_are_dropped_and_entities_decoded_once():
    html = '<p>你好&amp;lt;b&gt; <img alt="[笑哭]"><br>第二行<script>x()</script>尾</p><p>a<b>粗</b>c</p>'
    assert html_to_text(html) == "你好&lt;b> [笑哭]\n第二行尾\n\na粗c"


def test_photo_descriptions_are_not_taken_for_emoticons():
    assert html_to_text('<img alt="产品正面照片一张两张三张">好') == "好"


def test_text_below_a_tree_too_deep_for_the_parser_survives():
    assert html_to_text("<div>" * 5000 + "机器坏了") == "机器坏了"


@pytest.mark.parametrize("hostile", ["<" * 200_000, "<script" * 50_000, "&lt" * 100_000])
def test_pathological_markup_is_read_in_bounded_size(hostile):
    assert len(html_to_text(hostile)) <= 20_000


def test_control_characters_nul_surrogates_and_direction_overrides_vanish():
    assert clean_text("a\x00b\ud800c\u202ed\ufeff e\r\nf") == "abcd\ufeff e\nf".replace(
        "\ufeff ", "\ufeff "
    )


def test_plain_titles_with_comparison_signs_are_left_alone():
    assert strip_markup("价格 < 100 元") == "价格 < 100 元"


def test_folding_joins_width_case_script_and_space():
    assert fold("ＶＩＶＯ 手機  壞掉 ①㎏") == "vivo 手机 坏掉 1kg"


def test_offsets_lead_back_to_the_text_as_given():
    text = "👍 ＶＩＶＯ手機壞掉"
    folded = fold_with_offsets(text)
    at = folded.text.index("手机坏掉")
    start, end = folded.span(at, at + 4)
    assert text[start:end] == "手機壞掉"


def test_zero_width_characters_count_nothing():
    assert fold("澜\u200b白") == "澜白"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("這個機器壞掉了", "zh-Hant"),
        ("机器坏了", "zh-Hans"),
        ("it broke @小米之家 again", "en"),
        ("ありがとうございます", "ja"),
        ("!!! 123", "und"),
    ],
)
def test_language_and_script_are_told_apart(text, language):
    assert detect_language(text) == language


def test_same_words_have_one_fingerprint_whatever_the_dress():
    assert text_fingerprint("固件！更新 http://t.cn/abc @某人") == text_fingerprint("固件更新")
    assert text_fingerprint("😡😡") != text_fingerprint("👍👍")


def test_two_character_words_stand_in_the_search_column():
    assert set(search_terms("更新固件2.3.1").split()) == {"更新", "新固", "固件", "2.3.1"}


@pytest.mark.parametrize(
    "secret",
    [
        "13812345678",
        "+86 138 1234 5678",
        "11010519491231002X",
        "me.last@mail.example.com",
        "202611221234567",
        "沪A·12345",
        "阳光花园3栋2单元501室",
        "0912-345-678",
    ],
)
def test_personal_data_is_masked(secret):
    masked = mask_personal_data(f"请联系 {secret} 谢谢")
    assert secret not in masked
    assert mask_personal_data(masked) == masked


def test_prices_dates_and_hotlines_stay_readable():
    text = "2026年11月22日花了1299元，客服热线 400-000-0233"
    assert mask_personal_data(text) == text
