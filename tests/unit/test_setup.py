"""Pieces of setting up: links, products, people, the written file, reasons, suggestions."""

import tomllib
from datetime import UTC, datetime

import pytest

from listener.config import Config, Person, Product, Role, Secrets
from listener.config_file import load_config
from listener.errors import ConfigError
from listener.outlook import Maturity, Replayed, Suggestion, maturity_line, suggestion_lines
from listener.setup.answers import Answers, BrandAnswers, read_answers, save_answers, saved_answers
from listener.setup.links import app_store_source, feed_source
from listener.setup.review import why_unmatched
from listener.setup.steps import missing_lines
from listener.setup.toml import dump_toml
from listener.setup.wizard import read_person, read_product, split_words
from listener.setup.writing import brand_key, write_config

ANSWERS = Answers(
    brand=BrandAnswers(
        name='青"禾"\\', aliases=["Qing He"], excluded=["青禾路"], context=["电器"],
        products=[Product(name="电饭煲 R2", terms=("R2", "饭煲"))], contact="热线 400",
    ),
    people=[Person(key="lin", name="林岚", roles=(Role.ADMIN, Role.LEAD), telegram_id=7)],
    sources=[feed_source("https://bbs.example.com/rss?a=1&b=\"2\"", [])],
)  # fmt: skip


@pytest.mark.parametrize(
    ("url", "app_id", "country"),
    [
        ("https://apps.apple.com/cn/app/%E9%9D%92/id6700000233", "6700000233", "cn"),
        ("https://apps.apple.com/tw/app/id414478124?l=zh", "414478124", "tw"),
        ("https://itunes.apple.com/app/x/id414478124", "414478124", "us"),
    ],
)
def test_app_store_link_becomes_a_review_source(url, app_id, country):
    source = app_store_source(url, "qinghe")
    assert source is not None
    assert source.parameters == {"app_id": app_id, "country": country}
    assert (source.spider, source.brand) == ("appstore", "qinghe")


@pytest.mark.parametrize("url", ["https://example.com/cn/app/id1", "https://apps.apple.com/cn/"])
def test_other_links_are_no_app(url):
    assert app_store_source(url, "qinghe") is None


def test_feed_sources_get_keys_of_their_own():
    first = feed_source("https://www.Example.com/rss", [])
    second = feed_source("https://example.com/atom", [first.key])
    assert (first.key, second.key) == ("example-com", "example-com-2")
    assert feed_source("https://bbs.example.com/x", []).parameters["kind"] == "post"


def test_words_products_and_people_are_read_as_typed():
    assert split_words("甲，乙、 丙;丁") == ["甲", "乙", "丙", "丁"]
    assert read_product("电饭煲 R2：R2，饭煲").terms == ("R2", "饭煲")
    assert read_product("R2").terms == ("R2",)
    person = read_person("lin:林岚:admin+lead:42")
    assert (person.roles, person.telegram_id) == ((Role.ADMIN, Role.LEAD), 42)
    with pytest.raises(ConfigError, match="应写成 key:姓名"):
        read_person("lin:林岚:boss")


def test_written_file_says_what_was_answered_and_keeps_the_old_one(tmp_path):
    path = tmp_path / "config.toml"
    assert write_config(path, ANSWERS) is None
    config = load_config(path).config
    assert config.brands[0].name == '青"禾"\\'
    assert config.brands[0].context == ("电器",)
    assert config.sources[0].parameters["url"] == 'https://bbs.example.com/rss?a=1&b="2"'
    first = path.read_text(encoding="utf-8")
    assert write_config(path, ANSWERS) == tmp_path / "config.toml.bak"
    assert write_config(path, ANSWERS) == tmp_path / "config.toml.bak2"
    assert (tmp_path / "config.toml.bak").read_text(encoding="utf-8") == first


def test_a_file_that_would_be_refused_is_not_written(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("language = 'en'\n", encoding="utf-8")
    wrong = ANSWERS.model_copy(update={"people": [*ANSWERS.people, *ANSWERS.people]})
    with pytest.raises(ConfigError, match="stands twice"):
        write_config(path, wrong)
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]
    assert path.read_text(encoding="utf-8") == "language = 'en'\n"


def test_answers_survive_being_saved(tmp_path):
    save_answers(tmp_path / "config.toml", ANSWERS)
    assert saved_answers(tmp_path / "config.toml") == ANSWERS


def test_mistakes_in_an_answers_file_are_named(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("langauge = 'en'\n[brand]\nnam = 'x'\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_answers(path)
    assert "langauge" in str(caught.value)
    assert "brand.nam" in str(caught.value)


def test_plain_data_comes_back_from_toml():
    data = {"a": 'x"\n\x7f', "b": [1, 2.5, True], "c": {"键": ["值"]}, "d": [{"e": "f"}], "g": {}}
    assert tomllib.loads(dump_toml(data)) == data


def test_brand_key_is_made_of_latin_letters():
    assert brand_key(ANSWERS) == "qing-he"
    assert brand_key(Answers(brand=BrandAnswers(name="青禾"))) == "brand"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("今天下雨", "没有出现品牌词"),
        ("青禾很好", "没有语境词"),
        ("青禾路的路灯", "“青禾路”说明"),
        ("青禾电器招聘", "被排除词“招聘”排除"),
        ("青禾电器不错", "现在的设置会命中"),
    ],
)
def test_reason_of_an_unmatched_text_is_named(text, reason):
    config = Config.model_validate(
        {"brands": [{"key": "b", "name": "青禾",
                     "names": ["青禾"], "context": ["电器"], "traps": ["青禾路"], "exclude": ["招聘"]}]}
    )  # fmt: skip
    assert reason in why_unmatched(config.brands[0], title=None, text=text)


def test_what_is_missing_is_named():
    lines = "\n".join(missing_lines(Config(), Secrets()))
    for part in ("没有聊天群", "没有审批人", "只有一类来源"):
        assert part in lines


def test_suggestion_is_said_in_words():
    presets = (Replayed("high", 6, 3.0), Replayed("normal", 1, 0.5), Replayed("low", 0, 0.0))
    first, advice = suggestion_lines("青禾", Suggestion(14.0, presets, "normal", True), "high")
    assert "高（high）每周 3.0 次" in first
    assert 'detection.sensitivity = "normal"' in advice
    age = Maturity(2.4, True, datetime(2026, 12, 1, tzinfo=UTC))
    assert "仅 2 天数据，预警按保守阈值" in maturity_line("青禾", age, Config().tz)
