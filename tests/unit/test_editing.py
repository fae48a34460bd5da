import tomllib

import pytest

from listener.errors import ConfigError
from listener.setup.editing import change_setting, with_setting

TEXT = """\
# 开头
language = "zh-CN"    # 语言
[detection]   # 检测
sensitivity = "normal"    # low, normal or high

[[brands]]
key = "a"    # 甲
name = "甲[牌]"
traps = []   # 还没有
[brands.facts.scope]
state = "unknown"

[[brands]]
key = "b"
name = "乙"
names = ["乙"]
exclude = [
    "招聘",  # 不是 ] 顾客
    "转让"   # 二手
]
context = ["洗地机", "家电"]   # 家电
# 结尾
"""


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        (("detection", "sensitivity"), "low", 'sensitivity = "low"    # low, normal or high\n'),
        (("detection", "on_score"), 7.5, "on_score = 7.5\n"),
        (("brands", 0, "traps"), ["甲状腺"], 'traps = ["甲状腺"]   # 还没有\n'),
        (("brands", 0, "exclude"), ["x"], 'exclude = ["x"]\n'),
        (
            ("brands", 1, "exclude"),
            ["招聘", "转让", "加盟"],
            '    "转让",   # 二手\n    "加盟",\n]\n',
        ),
        (
            ("brands", 1, "context"),
            ["洗地机", "家电", 'a"b'],
            'context = ["洗地机", "家电", "a\\"b"]   # 家电\n',
        ),
        (("scoring", "scorer"), "trained", '\n[scoring]\nscorer = "trained"\n'),
        (("language",), "en", 'language = "en"    # 语言\n'),
    ],
)
def test_one_setting_changes_and_everything_else_stays(key, value, line):
    changed = with_setting(TEXT, key, value)
    assert line in changed
    data = tomllib.loads(changed)
    for part in key:
        data = data[part]
    assert data == value
    assert {one for one in TEXT.splitlines() if "#" in one} - set(changed.splitlines()) <= {
        '    "转让"   # 二手',
        "traps = []   # 还没有",
        'context = ["洗地机", "家电"]   # 家电',
        'sensitivity = "normal"    # low, normal or high',
        'language = "zh-CN"    # 语言',
    }
    assert changed.count("#") == TEXT.count("#")


def test_what_cannot_be_changed_in_place_is_refused_with_what_to_write():
    text = 'detection = { sensitivity = "low" }\n'
    with pytest.raises(ConfigError, match='sensitivity = "high"'):
        with_setting(text, ("detection", "sensitivity"), "high")


def test_a_file_that_would_not_be_accepted_is_not_touched(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('[[brands]]\nkey = "b"\nname = "b"\nnames = ["b"]\n', encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="on_score"):
        change_setting(path, ("detection", "on_score"), 1.0)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]
    kept = change_setting(path, ("detection", "on_score"), 8.0)
    assert kept.read_bytes() == before
    assert "[detection]\non_score = 8.0\n" in path.read_text(encoding="utf-8")
