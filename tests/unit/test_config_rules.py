"""What [[rules]] may say, and that a mistake is refused with its line and a remedy."""

import typing
from datetime import timedelta

import pytest

from listener.complaints import ComplaintType
from listener.config_file import load_config, load_rules
from listener.config_rules import Rule, TypeCode
from listener.detect.rules import PRESETS, RuleKind
from listener.errors import ConfigError
from listener.rule_words import ends, says
from listener.rules import compiled_rules

HEAD = """
[detection]
sensitivity = "均衡"
[[brands]]
key = "b"
name = "品牌"
names = ["品牌"]
sensitivity = "较多"
[[sources]]
key = "f"
name = "社区"
spider = "feed"
group = "forum"
parameters = { url = "https://forum.example/feed" }
[[rules]]
name = "甲"
"""
LINE = HEAD.count("\n") + 1


def load(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def one_rule(tmp_path, text):
    (rule,) = compiled_rules(load(tmp_path, HEAD + text))
    return rule


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ('kind = "share"\nrise_point = 15', LINE + 1, "did you mean 'rise_points'?"),
        ('kind = "声量"', LINE, "'volume'"),
        ('kind = "volume"\nrise_points = 10', LINE + 1, "only for share; remove it"),
        ('kind = "share"\nbrands = ["x"]', LINE + 1, "there is no brand 'x'; known: b"),
        ('kind = "share"\ngroups = ["nws"]', LINE + 1, "there is no group 'nws'; known: forum"),
        ('kind = "source"\nsources = ["x"]', LINE + 1, "there is no source 'x'; known: f"),
        ('kind = "words"', LINE - 2, 'words = […] or query = "…"'),
        (
            'kind = "share"\ntypes = ["payment"]\ngroups = ["forum"]',
            LINE + 2,
            "Make two rules",
        ),
        ('kind = "share"\ntypes = ["paymnt"]', LINE + 1, "'payment'"),
        ('kind = "waiting"\ntell = "page"', LINE + 1, "remove 'tell'"),
        ('kind = "share"\nwindow_minutes = 7', LINE + 1, "multiple of 5"),
        ('kind = "share"\nwindow_minutes = 2000', LINE + 1, "a day at most"),
        ('kind = "volume"\ntypes = ["payment"]\ntone = "any"', LINE + 2, 'remove tone = "any"'),
        ('kind = "share"\n[[rules]]\nname = "甲"\nkind = "volume"', LINE + 2, "stands twice"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_its_line(tmp_path, text, line, remedy):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, HEAD + text)
    assert remedy in str(refused.value)
    assert f"config.toml:{line}:" in str(refused.value)


def test_a_query_that_cannot_be_read_is_refused_with_its_line_and_column(tmp_path):
    with pytest.raises(ConfigError, match=rf"config.toml:{LINE + 1}: rule '甲', query: column"):
        one_rule(tmp_path, 'kind = "words"\nquery = "召回 AND ("')


def test_a_group_that_no_source_has_is_refused_in_the_channels_sensitivities(tmp_path):
    text = HEAD.replace("[detection]", '[detection]\ngroups = { fourm = "high" }')
    with pytest.raises(ConfigError, match="no source is of group 'fourm'; known groups: forum"):
        load(tmp_path, text + 'kind = "share"')


def test_people_may_write_chinese_words_for_kinds_and_sensitivities(tmp_path):
    file = load(tmp_path, HEAD + 'kind = "负面占比上升"\nsensitivity = "较少"')
    assert file.config.detection.sensitivity == "normal"
    assert file.config.brands[0].sensitivity == "high"
    (rule,) = compiled_rules(file)
    assert (rule.spec.kind, rule.spec.floor_percent) == (RuleKind.SHARE, 40.0)


def test_what_a_rule_leaves_out_comes_from_its_sensitivity(tmp_path):
    spec = one_rule(tmp_path, 'kind = "volume"\nsensitivity = "more"\ntimes = 2.5').spec
    assert (spec.times, spec.least, spec.tone) == (2.5, 15, "any")
    assert spec.window == timedelta(hours=1)


def test_only_what_harms_a_brand_pages_unless_the_rule_says_so(tmp_path):
    assert one_rule(tmp_path, 'kind = "share"').pages
    assert not one_rule(tmp_path, 'kind = "volume"').pages
    assert one_rule(tmp_path, 'kind = "volume"\ntell = "page"').pages


def test_every_sensitivity_is_at_least_as_strict_as_the_next():
    for kind, keys in PRESETS.items():
        for key, (low, normal, high) in keys.items():
            assert low >= normal >= high, (kind, key)


def test_the_codes_of_complaint_types_are_those_of_the_classifier():
    known = {code.value for code in ComplaintType if code is not ComplaintType.NONE}
    assert set(typing.get_args(TypeCode)) == known


def test_a_rule_is_said_in_words_with_its_own_figures(tmp_path):
    rule = one_rule(tmp_path, 'kind = "share"\nleast = 8\nfloor_percent = 30\nrise_points = 15')
    assert says(rule, "zh-CN") == (
        "过去 1 小时负面 ≥ 8 条、占比 ≥ 30%，且占比比平时高 15 个百分点"
    )
    assert ends(rule, "zh-CN") == "持续 30 分钟 低于阈值的 70% 即解除"


@pytest.mark.parametrize("lang", ["zh-CN", "zh-TW", "en"])
@pytest.mark.parametrize("kind", list(RuleKind))
def test_every_kind_can_be_said_in_every_language(tmp_path, kind, lang):
    extra = '\nwords = ["召回", "起火"]' if kind is RuleKind.WORDS else ""
    said = says(one_rule(tmp_path, f'kind = "{kind}"{extra}'), lang)
    assert "{" not in said
    assert "None" not in said


def test_a_file_of_rules_is_checked_against_the_configuration(tmp_path):
    base = load(tmp_path, HEAD + 'kind = "share"').config
    path = tmp_path / "new.toml"
    path.write_text('[[rules]]\nname = "乙"\nkind = "volume"\nbrands = ["b"]', encoding="utf-8")
    assert [rule.name for rule in load_rules(path, base).config.rules] == ["乙"]
    path.write_text('[[rules]]\nname = "乙"\nkind = "volume"\nbrands = ["c"]', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"new.toml:4: rule '乙': there is no brand 'c'"):
        load_rules(path, base)
    path.write_text('language = "en"', encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key"):
        load_rules(path, base)
    with pytest.raises(ConfigError, match=r"name a file that holds \[\[rules\]\]"):
        load_rules(tmp_path / "none.toml", base)


def test_every_key_of_a_rule_is_described():
    assert all(field.description for field in Rule.model_fields.values())
