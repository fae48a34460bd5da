import pytest

from listener.config_file import load_config
from listener.errors import ConfigError
from listener.setup.watch import add_source, bridge_of, watch_of
from tests.integration.test_response import CONFIG

BRIDGE = "http://127.0.0.1:1200"


def watch(url, **values):
    return watch_of(url, publication_id=3, brand_key="b", **values)


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("https://www.bilibili.com/video/BV1xx411c7mD/?x=1", "/bilibili/video/reply/BV1xx411c7mD"),
        ("https://tieba.baidu.com/p/8812345678", "/tieba/post/8812345678"),
        ("https://www.zhihu.com/question/59895982/answer/1", "/zhihu/question/59895982/created"),
        ("https://www.v2ex.com/t/584403#reply1", "/v2ex/post/584403"),
    ],
)
def test_a_page_with_a_route_is_watched_through_the_bridge(url, route):
    assert watch(url).source is None, "without a bridge nothing is heard"
    source = watch(url, rsshub=BRIDGE).source
    assert (source.spider, source.group, source.brand) == ("rsshub", "own_statement", "b")
    assert source.parameters == {"base_url": BRIDGE, "route": route, "kind": "comment"}
    assert not source.enabled


@pytest.mark.parametrize(
    "url",
    [
        "https://weibo.com/1/abc",
        "https://m.weibo.cn/status/1",
        "https://mp.weixin.qq.com/s/x",
        "https://www.douyin.com/video/1",
        "https://www.xiaohongshu.com/explore/1",
        "https://zhuanlan.zhihu.com/p/1",
        "",
        "javascript:alert(1)",
        "https://[",
    ],
)
def test_what_cannot_be_watched_is_called_a_blind_spot(url):
    found = watch(url, rsshub=BRIDGE, item=".comment")
    assert found.source is None
    assert found.said.startswith("⚠️ 盲区")


def test_an_open_page_needs_the_selector_of_a_comment():
    url = "https://site.example/news/1.html"
    assert "--comments" in watch(url).said
    source = watch(url, item="div.comment", is_enabled=True).source
    assert source.parameters == {"url": url, "item": "div.comment", "kind": "comment"}
    assert source.enabled
    assert "盲区" in watch(url, item="div[").said, "a selector that is none"


def test_a_source_is_appended_and_nothing_else_changes(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    hostile = 'https://site.example/"]\n[[people]]\nkey="x'
    source = watch("https://site.example/1", item="li").source
    odd = source.model_copy(update={"key": "odd", "parameters": {"url": hostile, "item": "li"}})
    add_source(path, source)
    add_source(path, odd)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(CONFIG.rstrip())
    file = load_config(path)
    assert [one.key for one in file.config.sources] == ["own-statement-3", "odd"]
    assert not file.config.sources[0].enabled
    assert file.config.sources[1].parameters["url"] == hostile
    assert len(file.config.people) == 4
    with pytest.raises(ConfigError):
        add_source(path, source)
    assert path.read_text(encoding="utf-8") == text
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]


def test_the_bridge_is_that_of_a_configured_source():
    source = watch("https://www.v2ex.com/t/584403", rsshub=BRIDGE).source
    assert bridge_of([source]) == BRIDGE
    assert bridge_of([]) == ""
