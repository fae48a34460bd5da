"""Listing pages by selectors: what is read, what counts as changed, what is refused."""

from datetime import UTC, datetime

import pytest
from scrapy.http import Headers, Request, Response

from listener.config_file import load_config
from listener.crawl.registry import check_parameters
from listener.errors import ConfigError
from listener.items import FailureKind
from spiders.base import read_page
from spiders.selectors import same_site
from spiders.site import SiteSpider

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
URL = "https://bbs.example.cn/list?page=1"
LISTING = """<!doctype html><html><head><meta charset="gbk"></head><body>
<ul class="posts">
<li class="post" data-id="p3"><a class="t" href="/t/3?from=list">云朵烤箱&amp;门封 漏热</a>
  <div class="c"><p>第一段<br>换行</p><p>第二段</p></div>
  <a class="u" href="/u/77">某某</a><time datetime="2026-11-22T10:05:33+08:00">刚刚</time>
  <span class="star">★★☆☆☆</span><b class="like">1.2万</b><b class="re">33</b></li>
<li class="post" data-id="p2"><a class="t" href="javascript:alert(1)">没有链接</a>
  <div class="c">正文</div><span class="time">来源：某某社区 2026-11-21 10:05:33</span></li>
<li class="post" data-id="p1"><a class="t" href="https://other.example/x"> </a><div class="c"></div></li>
</ul><p class="pager"><a class="next" href="/list?page=2">下一页</a></p></body></html>"""
RULES = {
    "url": URL,
    "item": "li.post",
    "link": "a.t",
    "title": "a.t",
    "text": ".c",
    "author": "a.u",
    "time": "time, .time",
    "rating": ".star",
    "id": "::attr(data-id)",
    "likes": ".like",
    "comments": "./b[@class='re']/text()",
    "next": "//a[@class='next']/@href",
}


def spider(state=None, **changes):
    rules = {name: value for name, value in (RULES | changes).items() if value}
    assert check_parameters("site", rules) is None
    return SiteSpider(
        source="s", parameters=rules, state=state or {}, max_pages=9, collected_at=NOW
    )


def answer(html, *, url=URL, content_type="text/html", encoding="gbk", status=200):
    body = html if isinstance(html, bytes) else html.encode(encoding)
    headers = Headers({"Content-Type": content_type})
    return Response(url, status=status, headers=headers, body=body, request=Request(url))


def test_every_field_of_a_gbk_page_is_read():
    page = read_page(spider(), answer(LISTING))
    first, second = page.items
    assert (first.source_id, first.url) == ("p3", "https://bbs.example.cn/t/3?from=list")
    assert first.title == "云朵烤箱&门封 漏热"
    assert first.text == "第一段\n换行\n\n第二段"
    assert (first.author_name, first.author_id) == ("某某", "https://bbs.example.cn/u/77")
    assert first.posted_at == datetime(2026, 11, 22, 2, 5, 33, tzinfo=UTC)
    assert (first.rating, first.rating_max, first.likes, first.comments) == (2, 5, 12_000, 33)
    assert second.posted_at == datetime(2026, 11, 21, 2, 5, 33, tzinfo=UTC)
    assert (second.url, second.rating, second.likes, second.author_name) == (None,) * 4
    assert page.next_url == "https://bbs.example.cn/list?page=2"
    assert page.skipped == 1


def test_without_field_selectors_the_whole_entry_and_its_first_link_are_taken():
    bare = spider(**{name: "" for name in RULES if name not in ("url", "item")})
    first = read_page(bare, answer(LISTING)).items[0]
    assert first.url == first.source_id == "https://bbs.example.cn/t/3?from=list"
    assert "第二段" in first.text


@pytest.mark.parametrize(
    ("state", "words"), [({}, "matches nothing"), ({"seen": ["x"]}, "used to match")]
)
def test_a_page_on_which_nothing_matches_has_changed(state, words):
    failure = read_page(spider(state, item="div.card"), answer(LISTING)).failure
    assert failure.kind is FailureKind.SCHEMA_DRIFT
    assert words in failure.detail
    assert "div.card" in failure.detail


def test_a_page_that_says_it_is_empty_is_empty():
    page = read_page(spider(empty="p.none"), answer("<p class='none'>暂无内容</p>"))
    assert page.failure.kind is FailureKind.EMPTY


@pytest.mark.parametrize("field", ["time", "link", "id"])
def test_a_structural_field_that_matches_nowhere_means_change(field):
    failure = read_page(spider(**{field: ".gone"}), answer(LISTING)).failure
    assert failure.kind is FailureKind.SCHEMA_DRIFT
    assert f"'{field}'" in failure.detail


def test_entries_without_any_text_mean_change():
    failure = read_page(spider(text=".nope", title=".nope"), answer(LISTING)).failure
    assert failure.kind is FailureKind.SCHEMA_DRIFT


@pytest.mark.parametrize("body", [b"", b"   \n", b'{"a": 1}'])
def test_what_is_no_page_is_a_bad_payload(body):
    assert read_page(spider(), answer(body)).failure.kind is FailureKind.BAD_PAYLOAD


def test_numbered_pages_are_counted_and_a_repeated_page_ends_them():
    one = spider(url="https://bbs.example.cn/list?p={page}", next="", first_page="0")
    assert one.first_url().endswith("p=0")
    listed = list(one.parse(answer(LISTING)))
    assert listed[-1].url.endswith("p=1")
    assert list(one.parse(answer(LISTING))) == []


def test_the_cap_of_pages_holds():
    one = spider(pages="1")
    assert len(list(one.parse(answer(LISTING)))) == 2


def test_an_unusual_time_format_and_zone():
    page = "<li class=post><i class=t>21.11.2026 10h05</i>文本</li>"
    rules = {name: "" for name in RULES if name not in ("url", "item")}
    one = spider(
        **rules | {"time": ".t", "time_format": "%d.%m.%Y %Hh%M", "timezone": "Asia/Tokyo"}
    )
    (item,) = read_page(one, answer(page)).items
    assert item.posted_at == datetime(2026, 11, 21, 1, 5, tzinfo=UTC)


def test_the_encoding_can_be_overridden():
    page = "<li class=post>門封漏熱</li>".encode("big5")
    rules = {name: "" for name in RULES if name not in ("url", "item")}
    one = spider(**rules | {"encoding": "big5"})
    assert read_page(one, answer(page)).items[0].text == "門封漏熱"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"item": "li..post"}, "selector 'item' (li..post) is not valid CSS"),
        ({"item": "//li["}, "is not valid XPath"),
        ({"title": "./foo:bar()"}, "selector 'title'"),
        ({"title": "//a"}, "begin it with './/'"),
        ({"url": "ftp://x/"}, "http://"),
        ({"url": "https://x.example/{page}"}, "keep one of them"),
        ({"pages": "0"}, "from 1 to 1000"),
        ({"pages": "viele"}, "whole number"),
        ({"follow": "yes"}, "true or false"),
        ({"detail_text": ".x"}, "follow = true"),
        ({"encoding": "klingon"}, "gbk"),
        ({"timezone": "Mars/Base"}, "Asia/Shanghai"),
        ({"time_format": "never"}, "%d.%m.%Y"),
        ({"kind": "rumour"}, "post, article"),
        ({"rating_max": "-1"}, "above 0"),
        ({"colour": "red"}, "knows no parameter 'colour'"),
    ],
)
def test_wrong_settings_are_refused_with_the_remedy(change, words):
    assert words in check_parameters("site", RULES | change)


def test_toml_booleans_and_numbers_may_stand_for_parameters(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(
        """
[[sources]]
key = "bbs"
name = "论坛"
spider = "site"
[sources.parameters]
url = "https://bbs.example.cn/list"
item = "li"
follow = true
pages = 3
""",
        encoding="utf-8",
    )
    (source,) = load_config(path).config.sources
    assert (source.parameters["follow"], source.parameters["pages"]) == ("true", "3")
    path.write_text(path.read_text(encoding="utf-8").replace("pages = 3", "pages = [3]"), "utf-8")
    with pytest.raises(ConfigError, match="parameters"):
        load_config(path)


def followed(one, listing=LISTING):
    return [r for r in one.parse(answer(listing)) if hasattr(r, "cb_kwargs") and r.cb_kwargs]


ARTICLE = """<html><head><script type="application/ld+json">
{"@context":"x","@graph":[{"@type":"NewsArticle","headline":"标题","articleBody":"%s",
"datePublished":"2026-11-20T08:00:00+08:00","author":{"name":"记者甲"}}]}</script></head></html>"""


def test_detail_pages_complete_what_was_listed_and_stay_on_the_site():
    one = spider(follow="true")
    (request,) = followed(one)
    assert request.url == "https://bbs.example.cn/t/3?from=list"
    page = ARTICLE % ("全文很长。" * 30)
    (item,) = one.parse_detail(answer(page, url=request.url), **request.cb_kwargs)
    assert item.text.startswith("全文很长")
    assert item.title == "云朵烤箱&门封 漏热"
    (kept,) = one.parse_detail(answer(page, url="https://evil.example/"), **request.cb_kwargs)
    assert kept.text.startswith("第一段")


def test_detail_selectors_win_and_known_entries_are_not_asked_for_again():
    one = spider(follow="true", detail_text="div.full", detail_time=".at")
    (request,) = followed(one)
    page = "<div class=full>全文</div><span class=at>2026年11月20日 09:30</span>"
    (item,) = one.parse_detail(answer(page, url=request.url), **request.cb_kwargs)
    assert (item.text, item.posted_at) == ("全文", datetime(2026, 11, 20, 1, 30, tzinfo=UTC))
    again = spider({"seen": ["p3", "p2"]}, follow="true")
    assert list(again.parse(answer(LISTING))) == []


def test_a_refused_detail_page_keeps_the_listed_text_and_stops_the_rest():
    one = spider(follow="true")
    (request,) = followed(one)
    (item,) = one.parse_detail(answer("", status=403, url=request.url), **request.cb_kwargs)
    assert item.text.startswith("第一段")
    assert one.outcome.failure.kind is FailureKind.BLOCKED
    assert one._detail_request(item) is None


def test_detail_pages_that_give_nothing_mean_change():
    one = spider(follow="true", detail_text=".gone")
    (request,) = followed(one)
    for _ in range(3):
        list(one.parse_detail(answer("<p>x</p>", url=request.url), **request.cb_kwargs))
    one.closed("finished")
    assert one.outcome.failure.kind is FailureKind.SCHEMA_DRIFT


@pytest.mark.parametrize(
    ("address", "is_same"),
    [
        ("https://example.cn/x", True),
        ("http://m.example.cn/x", True),
        ("https://www.example.cn:443/", True),
        ("https://example.cn:8443/", False),
        ("https://notexample.cn/", False),
        ("https://example.cn.evil.example/", False),
        ("https://example.cn:99999/", False),
    ],
)
def test_the_same_site(address, is_same):
    assert same_site(address, "https://www.example.cn/list") is is_same
