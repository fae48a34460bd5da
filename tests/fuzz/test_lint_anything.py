"""Whatever the text: the checks never raise, and every span lies in it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from crisis.lint import SheetFact, StatementToCheck, lint_statement, rules
from crisis.lint.statement import CHANNELS, KINDS, LANGUAGES, SEVERITIES

PIECES = st.sampled_from(
    [
        "截至9月5日9时",
        "收到",
        "12例",
        "反馈",
        "我们",
        "会",
        "尽快",
        "如有",
        "冒犯",
        "抱歉",
        "个别",
        "顾客",
        "王小明",
        "13800001111",
        "，",
        "。",
        "？",
        "\n",
        "【产品】",
        "{{",
        "x",
        "}}",
        "最好",
        "100%",
        "纯属谣言",
        "系",
        "快递",
        "原因",
        "造成",
        "“",
        "”",
        "#",
        "##",
        "**",
        "<b>",
        "</b>",
        "🙏",
        "#话题#",
        "we",
        "will",
        "shortly",
        "only",
        "a",
        "few",
        "never",
        "again",
        "Mr",
        "John",
        "Smith",
        "三",
        "十",
        "万",
        "人",
        "%",
        "2026年",
        "X月X日",
        "关于",
        "的说明",
        "批次",
        "QL2608",
        "验证码",
        "请",
        "提供",
        "資料",
        "资料",
        "４００",
        "\u200b",
        "é",
        "第一",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(PIECES, max_size=60).map("".join),
    st.lists(PIECES, max_size=60).map(" ".join),
)
FACTS = st.dictionaries(
    st.sampled_from(["batch", "injured", "cause", "next_update_at", "hotline", "x"]),
    st.builds(
        SheetFact,
        state=st.sampled_from(["known", "unknown", "stale", "missing"]),
        value=st.one_of(TEXTS, st.sampled_from(["2人", "QL2608", "9月5日18时", "400-000-7001"])),
    ),
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(
    text=TEXTS,
    lang=st.sampled_from(LANGUAGES),
    channel=st.sampled_from(CHANNELS),
    kind=st.sampled_from(KINDS),
    crisis=st.sampled_from(["", "C01", "C03", "C08", "C09", "?"]),
    severity=st.sampled_from(SEVERITIES),
    facts=FACTS,
    earlier=st.lists(TEXTS, max_size=2),
    variants=st.lists(TEXTS, max_size=1),
)
def test_any_statement_can_be_checked(**given_statement):
    statement = StatementToCheck(**given_statement)
    for finding in lint_statement(statement):
        assert finding.rule in rules()
        assert 0 <= finding.start <= finding.end <= len(statement.text)
        assert finding.text == statement.text[finding.start : finding.end]
        assert (finding.end == 0) or finding.start < finding.end
