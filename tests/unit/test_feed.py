"""Feeds of every make, whole and broken, through the same function as ``fengsheng parse``."""

import gzip
import json
from datetime import UTC, datetime

import pytest

from listener.crawl.parsing import SavedBody, parse_saved
from spiders.feed_xml import with_short_names
from tests.conftest import ROOT

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
DATA = ROOT / "tests" / "data" / "feed"
RSS = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>论坛</title>{}</channel></rss>'
PAGE = "<!doctype html><html><head><title>{}</title></head><body>{}</body></html>"


def parse(
    body, source="feed", *, status=200, content_type="", url="https://forum.lanbai.example/f"
):
    body = body.encode() if isinstance(body, str) else body
    saved = SavedBody(
        body=body, url=url, status=status, content_type=content_type, collected_at=NOW
    )
    return parse_saved(source, saved)


def items(body, source="feed", **options):
    found, failure = parse(body, source, **options)
    assert failure is None, failure
    return found


def failure_of(body, source="feed", **options):
    found, failure = parse(body, source, **options)
    assert found == []
    return failure.kind, failure.detail


@pytest.mark.parametrize("name", ["forum.xml", "blog.xml", "archive.rdf", "notes.json"])
def test_a_feed_gives_the_expected_mentions(name):
    path = DATA / name
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    found = items(path.read_bytes())
    assert len(found) == len(expected)
    for mention, wanted in zip(found, expected, strict=True):
        assert {key: mention[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type", "text"),
    [
        ("utf-8-sig", "gbk", "text/xml; charset=gb2312", "手机坏了"),
        ("utf-16", "utf-16", "", "手机坏了"),
        ("utf-32", "utf-32", "", "手机坏了"),
        ("utf-16-le", "utf-16", "", "手机坏了"),
        ("gb18030", "gb2312", "text/xml", "镕基㐀坏了"),
        ("big5hkscs", "big5", "", "手機壞掉，係咁㗎"),
        ("gb18030", "utf-8", "text/xml; charset=gbk", "手机坏了，客服不理"),
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1", "手机坏了"),
        ("utf-8", None, "text/xml", "手机坏了"),
        ("gb18030", None, "text/xml", "手机坏了，客服不理"),
        ("big5", None, "", "手機壞掉了，客服不理人，我們都很失望"),
        ("euc-jp", "euc-jp", "", "日本語のタイトル"),
        ("cp1252", "iso-8859-1", "", "Größe – Café"),
        ("cp1252", None, "", "Größe, Café, Straße"),
    ],
)
def test_what_the_bytes_mean_is_found_out_in_order(encoding, declared, content_type, text):
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    body = f"{head}<rss><channel><item><title>{text}</title></item></channel></rss>"
    assert items(body.encode(encoding), content_type=content_type)[0]["title"] == text


def test_a_cut_feed_keeps_its_whole_entries():
    whole = "<item><title>一</title></item><item><title>二</title></item>"
    body = RSS.format(f"{whole}<item><title>三").encode()[: -len("</channel></rss>") - 1]
    assert [one["title"] for one in items(body)] == ["一", "二"]
    assert failure_of("<rss><channel><item><title>一")[0] == "bad_payload"


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("AT&T & Co &nbsp;x &hellip; &foo; &#0;", "AT&T & Co x … &foo;"),
        ("a &amp;amp; b &amp;lt;c&amp;gt;", "a & b <c>"),
        ("a\x0bb\x00c", "abc"),
    ],
)
def test_broken_references_and_characters_are_mended(title, read):
    assert items(RSS.format(f"<item><title>{title}</title></item>"))[0]["title"] == read


def test_undeclared_prefixes_are_read_by_their_names():
    found = items(
        RSS.format(
            "<item><title>t</title><content:encoded><![CDATA[<p>全文</p>]]></content:encoded>"
            "<description>摘要</description><dc:creator>某人</dc:creator></item>"
        )
    )
    assert (found[0]["text"], found[0]["author_name"]) == ("全文", "某人")


def test_entity_expansion_and_bombs_are_refused_and_outer_entities_never_read():
    subset = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    assert failure_of(f"{subset}<rss><channel/></rss>") == (
        "bad_payload",
        "entity expansion: 'b' is refused",
    )
    big = '<!DOCTYPE r [<!ENTITY a "' + "x" * 900 + '">]><rss><channel>' + "&a;" * 2000
    assert failure_of(big)[0] == "bad_payload"
    outer = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    body = f"{outer}<rss><channel><item><title>a&x;b</title></item></channel></rss>"
    assert items(body)[0]["title"] == "ab"
    bomb = gzip.compress(b"<rss>" + b" " * 40_000_000)
    assert "gzip" in failure_of(bomb)[1]
    assert "nested" in failure_of("<rss>" + "<a>" * 20_000)[1]


def test_a_gzip_body_is_unpacked():
    assert len(items(gzip.compress(RSS.format("<item><title>一</title></item>").encode()))) == 1


def test_one_id_for_everything_does_not_make_one_mention():
    entry = "<item><guid isPermaLink='false'>1</guid><title>{0}</title><link>https://a.example/{0}</link></item>"
    found = items(RSS.format(entry.format("x") + entry.format("y")))
    assert len({one["source_id"] for one in found}) == 2


def test_ids_are_not_resolved_like_links_and_stand_in_for_them_only_as_addresses():
    found = items(RSS.format("<item><guid>abc</guid><title>一</title></item>"))[0]
    assert (found["source_id"], found["url"]) == ("abc", None)


def test_mail_addresses_are_not_shown_as_names():
    found = items(RSS.format("<item><title>一</title><author>x@y.example</author></item>"))[0]
    assert found["author_name"] is None
    assert found["author_id_hash"]


def test_a_relative_link_without_a_known_address_uses_the_feeds_home():
    home = "<link>https://home.example/</link><item><title>一</title><link>/t/1</link></item>"
    assert items(RSS.format(home), url="")[0]["url"] == "https://home.example/t/1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *[(204, "empty"), (304, "empty"), (302, "bad_payload"), (400, "bad_payload")],
        *[(401, "login_required"), (403, "blocked"), (404, "gone"), (410, "gone")],
        *[(412, "blocked"), (418, "blocked"), (429, "rate_limited"), (432, "blocked")],
        *[(456, "blocked"), (461, "captcha"), (471, "captcha"), (500, "server_error")],
        *[(502, "server_error"), (503, "server_error")],
    ],
)
def test_each_status_is_its_failure(status, kind):
    assert failure_of(PAGE.format("x", "y"), status=status)[0] == kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "bad_payload"),
        (RSS.format(""), "empty"),
        ("<rss/>", "empty"),
        (PAGE.format("百度安全验证", ""), "captcha"),
        (PAGE.format("百度安全验证", "").encode("gbk"), "captcha"),
        (PAGE.format("Just a moment...", ""), "blocked"),
        (PAGE.format("", "unusual traffic from your computer network"), "blocked"),
        (PAGE.format("Sina Visitor System", ""), "login_required"),
        ('{"a": 1}', "bad_payload"),
        ('{"version": "https://jsonfeed.org/version/1"}', "schema_drift"),
        ('{"version": "https://jsonfeed.org/version/1", "items": []}', "empty"),
        ('{"version": "https://jsonfeed.org/version/1", "items": [{"id"', "bad_payload"),
        (RSS.format("<item><link>https://a.example</link></item>"), "schema_drift"),
        ("<urlset><url/></urlset>", "bad_payload"),
        ("Rate limit exceeded", "bad_payload"),
    ],
)
def test_each_body_that_is_no_feed_is_its_failure(body, kind):
    assert failure_of(body)[0] == kind


def test_people_may_write_about_captchas():
    title = "每次都跳 百度安全验证 和 geetest，Just a moment..."
    assert items(RSS.format(f"<item><title>{title}</title></item>"))[0]["title"] == title


def test_a_page_names_its_feeds():
    head = (
        "<link rel='alternate' type='application/rss+xml' href='/a?x=1&amp;y=2'>"
        "<link href=atom.xml type=application/atom+xml rel=alternate>"
    )
    detail = failure_of(f"<html><head>{head}</head></html>")[1]
    assert (
        "https://forum.lanbai.example/a?x=1&y=2, https://forum.lanbai.example/atom.xml" in detail
    )


ERROR_PAGE = "<html><title>Welcome to RSSHub!</title><h1>Looks like something went wrong</h1><p>Error Message:<br/><code class='x'>{}</code></p></html>"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(503, "server_error"), (404, "gone"), (403, "blocked"), (200, "server_error")],
)
def test_the_message_of_a_bridge_reaches_the_user(status, kind):
    found = failure_of(ERROR_PAGE.format("Error: 令牌 expired"), "rsshub", status=status)
    assert found[0] == kind
    assert found[1].endswith("Error: 令牌 expired")
    body = '{"error": {"message": "令牌 expired"}}'
    assert "令牌 expired" in failure_of(body, "rsshub", status=503)[1]


def test_a_repost_of_a_bridge_is_a_post_with_the_original_beside_it():
    html = (
        "某人:&amp;ensp;气死了&lt;br&gt;&lt;blockquote&gt; - 转发 @澜白: 公告&lt;/blockquote&gt;"
    )
    found = items(
        RSS.format(f"<item><title>t</title><description>{html}</description></item>"), "rsshub"
    )[0]
    assert found["kind"] == "post"
    assert found["text"].startswith("某人: 气死了")
    assert found["extra"]["repost"] == "- 转发 @澜白: 公告"


def test_google_news_gives_headline_outlet_and_the_link_as_it_is():
    token = "CBMiHmh0dHBzOi8vcGFwZXIuZXhhbXBsZS9uZXdzLzE"
    body = RSS.format(
        f"<item><title>澜白 - 净水器召回 - 晚报</title><link>https://news.google.com/rss/articles/{token}?oc=5</link>"
        f"<guid isPermaLink='false'>{token}</guid><description>&lt;ol&gt;&lt;li&gt;别家的标题&lt;/li&gt;&lt;/ol&gt;</description>"
        "<source url='https://paper.example'>晚报</source></item>"
    )
    found = items(body, "google_news")[0]
    assert (found["title"], found["text"]) == ("澜白 - 净水器召回", "澜白 - 净水器召回")
    assert (found["author_name"], found["source_id"]) == ("晚报", token)
    assert found["url"] == f"https://news.google.com/rss/articles/{token}?oc=5"
    assert found["extra"]["target_url"] == "https://paper.example/news/1"


@pytest.mark.parametrize(
    "declared", ["", ' xmlns:News="https://www.bing.com/news/search?q=a&format=rss"']
)
def test_bing_news_gives_the_real_address_and_the_outlet(declared):
    body = (
        f"<rss version='2.0'{declared}><channel><item><title>召回</title><link>http://www.bing.com/news/apiclick.aspx?tid=1"
        "&amp;url=https%3a%2f%2fpaper.example%2fn%3fa%3d1%26utm_source%3dbing&amp;c=1</link><News:Source>晚报</News:Source></item>"
        "<item><title>坏</title><link>http://www.bing.com/news/apiclick.aspx?url=javascript%3aalert(1)</link></item></channel></rss>"
    )
    good, bad = items(body, "bing_news")
    assert good["url"] == good["source_id"] == "https://paper.example/n?a=1"
    assert good["author_name"] == "晚报"
    assert bad["url"].startswith("http://www.bing.com/")


def test_old_folder_names_are_spiders_too():
    assert len(items(RSS.format("<item><title>一</title></item>"), "feeds")) == 1


@pytest.mark.parametrize("element", ["author", "dc:creator", "managingEditor"])
def test_an_endless_author_is_cut_before_anybody_searches_it(element):
    xml = f"<rss xmlns:dc='http://purl.org/dc/elements/1.1/'><{element}>{'a' * 5_000}</{element}></rss>"
    assert len(with_short_names(xml)) < 700
    assert with_short_names(xml.replace("a" * 5_000, "小林")) == xml.replace("a" * 5_000, "小林")
