"""Rules of the complaint classifier, each shown by a text of its own."""

import pytest

from listener.complaints import (
    CLASSIFIER_VERSION,
    SEVERITY_LABELS,
    TYPE_LABELS,
    ComplaintType,
    Severity,
    classify,
    severity_rank,
)
from listener.complaints.folding import plain, plain_texts
from listener.complaints.lexicon import default_lexicon
from listener.complaints.pattern import parse_pattern
from listener.complaints.quantities import (
    parse_number,
    people_counted,
    sums_of_money,
    waiting_days,
)
from listener.text.fold import fold_with_offsets

T = ComplaintType


def rules_fired(text: str) -> set[str]:
    """Return the severity rules that fire on a complaint."""
    judged = classify(text)
    assert judged.is_complaint
    return {reason.rule for reason in judged.reasons if not reason.rule.startswith("type.")}


# Complaint or not.


@pytest.mark.parametrize(
    "text",
    [
        "用了三个月，没有漏电，没有异味，也没发烫。",
        "从来没坏过，也没掉过漆。",
        "看评论说会褪色，我洗了五次，一点没有。",
        "並沒有像網友說的那樣漏水。",
        "冇試過送錯，次次都準時。",
        "No leaks, no smell, not a single problem.",
    ],
)
def test_negated_problem_is_no_complaint(text: str) -> None:
    assert not classify(text).is_complaint


def test_double_negation_affirms_the_problem() -> None:
    assert classify("这质量不得不说真差，用两天就坏了。").is_complaint


def test_denied_praise_is_a_complaint() -> None:
    assert classify("客服一点也不耐心，东西也不好用。").is_complaint


@pytest.mark.parametrize(
    "text",
    [
        "之前漏发了一件，客服当天就补发了，还道了歉，很满意。",
        "上个月空调漏水，第二天就修好了，谢谢师傅，没再漏过。",
        "上週刷卡重複請款，隔天就退了，客服很有禮貌。",
    ],
)
def test_settled_problem_with_satisfied_ending_is_no_complaint(text: str) -> None:
    assert not classify(text).is_complaint


def test_settled_problem_with_bitter_ending_stays_a_complaint() -> None:
    text = "漏发的那件闹了半个月才补发，连句道歉都没有，再也不买了。"
    assert classify(text).is_complaint


@pytest.mark.parametrize(
    "text",
    [
        "请问保修期内坏了能换新吗？",
        "如果包裹寄丢，店家管不管补？还没下单，先问问。",
        "有冇人用過佢哋嘅分期，手續費點計？",
        "Does anyone know how long the warranty lasts?",
    ],
)
def test_question_or_hypothesis_is_no_complaint(text: str) -> None:
    assert not classify(text).is_complaint


def test_question_to_the_company_in_anger_is_a_complaint() -> None:
    assert classify("你们凭什么扣我押金？退款到底什么时候能到？").is_complaint


@pytest.mark.parametrize(
    "text",
    [
        "市场监管局通报二十批次产品抽检不合格情况，名单见附件。",
        "尊敬的用户：本平台将于今晚进行系统维护，期间无法登录，敬请谅解。",
        "加微信领券，全场五折，假一赔十，手慢无！",
        "这家店太过分了，好吃到我胖了三斤。",
        "电影里那个骗子客服演得太真了。",
        "不是质量问题，是我自己装反了。",
    ],
)
def test_news_notice_advert_joke_fiction_and_own_fault_are_no_complaint(text: str) -> None:
    judged = classify(text)
    assert not judged.is_complaint
    assert judged.type is T.NONE
    assert judged.severity is Severity.NONE
    assert judged.secondary == ()
    assert judged.reasons == ()


def test_praise_in_the_negative_form_of_buyao_tai_is_no_complaint() -> None:
    assert not classify("不要太好用，闭眼入！").is_complaint


@pytest.mark.parametrize(
    "text",
    [
        "厉害了，新买的风扇三天就坏了。",
        "谢谢你们让我等了一个月，快递还没到🙂",
        "真棒，客服又给我复制粘贴了一遍👏",
    ],
)
def test_irony_counts_by_meaning(text: str) -> None:
    assert classify(text).is_complaint


def test_clause_after_but_wins() -> None:
    assert classify("包装挺好看的，但是打开就碎了，客服还不给换。").is_complaint
    assert not classify("虽然有点贵，但是真的好用，强烈推荐。").is_complaint


@pytest.mark.parametrize("text", ["", " \n", "。！？", "🐶", "a", "一"])
def test_empty_or_wordless_text_is_no_complaint(text: str) -> None:
    assert not classify(text).is_complaint


# Types and their tie rules.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("鞋子穿一周就开胶，做工太差。", T.PRODUCT_QUALITY),
        ("说三天发货，半个月了还是待揽收，物流不动。", T.ORDER_DELIVERY),
        ("店员态度恶劣，爱答不理。", T.SERVICE_ATTITUDE),
        ("申请退款被驳回，就是不给退。", T.REFUND_RETURN),
        ("信息泄露了吧，天天接到推销电话。", T.PRIVACY_SECURITY),
        ("保修期内送修，修了三次都没修好。", T.AFTER_SALES),
        ("刚买就降价，还不给价保。", T.PRICE_PROMO),
        ("一笔订单重复扣款两次。", T.PAYMENT),
        ("虚假宣传，实物和图片完全不符。", T.FALSE_ADVERTISING),
        ("更新后一打开就闪退，登不上。", T.TECH_SUPPORT),
        ("公司逼员工无偿加班，还歧视孕妇。", T.CONDUCT_ETHICS),
        ("商场厕所又脏又臭，电梯坏了没人修。", T.OTHER),
    ],
)
def test_plain_complaint_of_each_type(text: str, expected: ComplaintType) -> None:
    assert classify(text).type is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("耳机坏了要退货，商家拒绝退款，一分不退。", T.REFUND_RETURN),
        ("冰箱不制冷，保修期内维修点不给修。", T.AFTER_SALES),
        ("快递送来的时候箱子压烂，杯子全碎了。", T.ORDER_DELIVERY),
        ("买的白色寄来黑色，发错货了。", T.ORDER_DELIVERY),
        ("这就是假货，批号查不到。", T.PRODUCT_QUALITY),
        ("银行卡被盗刷，免密支付扣了三笔。", T.PAYMENT),
        ("账号被盗，个人信息全泄露了，钱也被转走。", T.PRIVACY_SECURITY),
        ("试用到期偷偷自动续费，取消入口找不到。", T.PRICE_PROMO),
    ],
)
def test_tie_rules_choose_what_is_to_be_fixed_first(text: str, expected: ComplaintType) -> None:
    assert classify(text).type is expected


def test_second_issue_is_kept_as_secondary_type() -> None:
    judged = classify("快递把包裹弄丢了，物流一直不更新，还少发两件，店员态度恶劣。")
    assert judged.type is T.ORDER_DELIVERY
    assert T.SERVICE_ATTITUDE in judged.secondary


# Severity.


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("U1", "电池爆炸，把我手烧伤了，现在在医院。"),
        ("U2", "你们几十万用户的信息泄露，论坛上有人在卖。"),
        ("U2", "冒充你们客服的骗子知道订单，我妈被骗走两万。"),
        ("U3", "跑路的健身房，我们维权群三百多人准备集体起诉。"),
        ("U3", "广告歧视女性，已经上热搜了。"),
        ("U4", "食堂饭菜发霉，市场监管局的人已经来查封了。"),
        ("U5", "全国都登不上，系统从早上崩到现在，大家都没法付款。"),
        ("S1", "定金三千五不退，商家不理人。"),
        ("S1", "同一单扣了两次，二十块也不能白扣。"),
        ("S2", "打了五次客服电话都没人处理退款。"),
        ("S2", "退货退了十五天，退款还没到账。"),
        ("S2", "签收第二天申请七天无理由，商家直接拒绝。"),
        ("S3", "再不退款我就打12315投诉。"),
        ("S3", "質量這麼差，我要去找消保官。"),
        ("S4", "鉴定出来是假货，就是骗子。"),
        ("S5", "快递员把我的手机号发到群里，天天有人加我。"),
        ("S6", "店员当着大家的面骂我穷鬼。"),
        ("S7", "手机送修把照片全删了，没有备份，找不回来。"),
    ],
)
def test_each_severity_rule_fires_on_its_own_words(rule: str, text: str) -> None:
    assert rule in rules_fired(text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("U1", "服务员态度差，气死我了，等上菜等得肚子都饿扁。"),
        ("U4", "再不退款我就去报警，找记者曝光你们。"),
        ("S1", "鞋子一百五买的，穿两天开胶。"),
        ("S2", "耳机用了三个月就坏了，做工太差。"),
        ("S4", "天天接到诈骗电话，你们是不是把信息泄露了。"),
        ("S5", "一个手电筒软件强制要通讯录权限，不同意就不让用。"),
    ],
)
def test_severity_rule_does_not_fire_on_figures_uses_and_plans(rule: str, text: str) -> None:
    assert rule not in rules_fired(text)


def test_highest_rule_decides() -> None:
    judged = classify("充电宝自燃烧伤了孩子，商家不退款，我要打12315。")
    assert {"U1", "S3"} <= {reason.rule for reason in judged.reasons}
    assert judged.severity is Severity.URGENT


def test_plain_annoyance_is_general() -> None:
    assert classify("拉链第二天就坏了，做工真差。").severity is Severity.GENERAL


def test_danger_in_a_text_that_is_no_complaint_has_no_severity() -> None:
    assert classify("测了一圈没有漏电，放心了，很满意。").severity is Severity.NONE


def test_sum_in_traditional_script_counts_in_new_taiwan_dollars() -> None:
    assert "S1" not in rules_fired("這件外套兩千八，穿兩天就脫線，品質太差。")
    assert "S1" in rules_fired("這台筆電兩萬八，用兩天就壞了，品質太差。")


def test_ranks_order_the_severities() -> None:
    levels = [Severity.NONE, Severity.GENERAL, Severity.SERIOUS, Severity.URGENT]
    assert sorted(Severity, key=severity_rank) == levels


# Reasons and what the source tells.


def test_offsets_point_into_the_original_traditional_text() -> None:
    text = "氣死我了😡，ＡＰＰ更新後一直閃退，客服 態度很差，我要找消基會！"
    judged = classify(text)
    assert judged.reasons
    for reason in judged.reasons:
        assert text[reason.start : reason.end] == reason.text
    assert any(reason.text == "消基會" and reason.rule == "S3" for reason in judged.reasons)


def test_title_counts_but_reasons_point_into_the_text() -> None:
    text = "等了很久，没有下文。"
    judged = classify(text, title="申请退款被拒绝，我要打12315")
    assert judged.type is T.REFUND_RETURN
    assert judged.severity is Severity.SERIOUS
    for reason in judged.reasons:
        assert text[reason.start : reason.end] == reason.text


def test_stars_shift_the_verdict_but_angry_text_outweighs_them() -> None:
    angry = "五星是为了让大家看到：质量差，三天就坏，客服还骂人！"
    assert classify(angry, rating=5, rating_max=5).is_complaint
    low = classify("收到的颜色和我想的有点出入。", rating=1)
    high = classify("收到的颜色和我想的有点出入。", rating=5)
    assert low.is_complaint or not high.is_complaint


@pytest.mark.parametrize(("rating", "rating_max"), [(0.0, 0.0), (3.0, None), (-1.0, 5.0)])
def test_odd_ratings_do_no_harm(rating: float, rating_max: float | None) -> None:
    assert classify("拉链坏了。", rating=rating, rating_max=rating_max).is_complaint


def test_article_needs_more_to_be_a_complaint_than_a_ticket() -> None:
    text = "某平台订单延误。"
    assert not classify(text, kind="article").is_complaint
    article, ticket = (classify("快递丢了。", kind=kind) for kind in ("article", "ticket"))
    assert ticket.is_complaint
    assert not article.is_complaint or article.confidence < ticket.confidence


def test_confidence_is_a_probability_of_the_verdict() -> None:
    for text in ("质量太差，骗子公司，我要投诉！", "今天去公园走了走。", ""):
        assert 0.5 <= classify(text).confidence <= 1.0


def test_same_text_is_judged_the_same_twice() -> None:
    text = "退款拖了一个月，客服踢皮球。"
    assert classify(text) == classify(text)


def test_very_long_text_is_judged_without_a_limit() -> None:
    assert classify("质量太差，客服不理人。" * 2000).is_complaint


def test_version_is_named() -> None:
    assert CLASSIFIER_VERSION


@pytest.mark.parametrize("lang", ["zh-CN", "zh-TW", "en"])
def test_every_code_has_a_label_in_every_language(lang: str) -> None:
    assert set(TYPE_LABELS[lang]) == set(ComplaintType)
    assert set(SEVERITY_LABELS[lang]) == set(Severity)


# The cue words and the numbers.


def ends_of_match(source: str, text: str) -> int:
    """Return where the entry ``source`` ends at the start of ``text``, or -1."""
    pattern, heads = parse_pattern(source)
    return pattern.end_of_match(text, 0) if any(text.startswith(head) for head in heads) else -1


@pytest.mark.parametrize(
    ("source", "text", "end"),
    [
        ("退款", "退款呢", 2),
        ("不{给|让|}退", "不退钱", 2),
        ("不{给|让}退", "不让退", 3),
        ("退…不了", "退押金不了", 5),
        ("退…不了", "退,不了", -1),
        ("差{了|$}", "差", 1),
        ("差$", "差劲", -1),
        ("late", "later", -1),
        ("leak{s|ed|}", "leaked", 6),
        ("charged …twice", "charged me for it twice", 23),
    ],
)
def test_cue_language(source: str, text: str, end: int) -> None:
    assert ends_of_match(source, text) == end


@pytest.mark.parametrize("source", ["…退", "{|退}…", "退{a|{b}}", "退}"])
def test_cue_without_beginning_or_with_stray_braces_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="cue"):
        parse_pattern(source)


def test_every_cue_of_the_package_compiles() -> None:
    assert default_lexicon().scan("退款 refund") != []


@pytest.mark.parametrize(
    "text",
    [
        "退款ＡＰＰ　沒到",
        "ﬁnally　refunded",
        "e\u0301té",
        "a\u200bb",
        "兩  格\n\n行",
        "½ 價",
        "👨‍👩‍👧",
    ],
)
def test_quick_folding_agrees_with_the_general_one(text: str) -> None:
    general = fold_with_offsets(text)
    alone, beside = plain_texts([text])[0], plain_texts(["退", text, "換"])[1]
    assert alone == beside
    if isinstance(alone, str):
        assert (alone, list(general.starts)) == (plain(text), list(range(len(text))))
    else:
        assert (alone.starts, alone.ends) == (general.starts, general.ends)
        assert alone.text == plain(text)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("3,200", 3200),
        ("三千二", 3200),
        ("八千多", 8000),
        ("两万三", 23000),
        ("1.2万", 12000),
        ("十五万", 150000),
        ("一千零五", 1005),
        ("二百五", 250),
        ("8k", 8000),
        ("块", None),
    ],
)
def test_numbers_in_both_numerals(words: str, value: float | None) -> None:
    assert parse_number(words) == value


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("三千多的镜头没了", [3000]),
        ("花了1998买的", [1998]),
        ("2024年买的", []),
        ("两千多人在群里", []),
        ("stock worth $2,000", [14000]),
        ("hk$500", [460]),
    ],
)
def test_sums_of_money(text: str, sums: list[float]) -> None:
    assert [found.value for found in sums_of_money(text)] == sums


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("等了三个星期", [21]),
        ("拖了一个半月", [30]),
        ("用了三个月就坏", []),
        ("七天无理由", []),
        ("第七天了", [7]),
        ("第二年", []),
        ("for three weeks", [21]),
    ],
)
def test_spans_that_can_be_a_wait(text: str, days: list[float]) -> None:
    assert [found.value for found in waiting_days(text)] == days


def test_crowds_are_counted() -> None:
    assert [found.value for found in people_counted("群里三百多户,上百人")] == [300, 100]
