"""Pages without selectors: encodings, counts, articles, product reviews, bounds of a mention."""

import math
from datetime import UTC, datetime

import pytest
from scrapy.http import Headers, Response

from listener.items import FailureKind, MentionItem
from listener.text.article import parse_page, read_article, read_reviews
from listener.text.bounds import bounded, web_address
from listener.text.charset import decode_page, known_encoding
from listener.text.clean import one_line, printable
from listener.text.counts import MOST, read_count, read_rating
from spiders.article import ArticleSpider
from spiders.base import read_page

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
BODY = "云朵烤箱的门封在高温下变形，厂家表示正在调查。" * 4


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("<meta charset=gb2312>朱镕基镕".encode("gb18030"), "text/html", "朱镕基镕"),
        ("<p>门封</p>".encode("gbk"), "text/html", "门封"),
        ("<p>门封</p>".encode("gbk"), "text/html; charset=utf-8", "门封"),
        ("<meta charset='gbk'>门封漏热".encode(), "text/html; charset=gbk", "门封漏热"),
        ("<p>門封</p>".encode("big5"), "text/html; charset=Big5", "門封"),
        (b"\xef\xbb\xbf<p>\xe9\x97\xa8</p>", "text/html; charset=gbk", "门"),
        ("门".encode("utf-16"), "text/html", "门"),
        (b"caf\xe9", "text/html; charset=iso-8859-1", "café"),
        (b"plain", "text/html; charset=no-such-thing", "plain"),
    ],
)
def test_pages_are_decoded_whatever_their_labels_say(body, content_type, text):
    assert text in decode_page(body, content_type)


@pytest.mark.parametrize("label", ["rot13", "base64", "utf-7", "hex", "", "a\x00b", "idna\n"])
def test_codecs_that_are_no_character_sets_are_refused(label):
    assert known_encoding(label) in (None, "idna")


def test_bytes_that_nothing_can_read_do_not_raise():
    assert decode_page(b"\x80\xff\xfe<p>", "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ("1.2万", 12_000),
        ("3亿", 300_000_000),
        ("100万+", 1_000_000),
        ("1,234 赞", 1234),
        ("评论(35)", 35),
        ("12k", 12_000),
        ("赞", None),
        ("", None),
        ("0", 0),
        ("9" * 12 + "亿", MOST),
        ("²", None),
        ("9" * 5000, None),
    ],
)
def test_counts(raw, count):
    assert read_count(raw) == count


@pytest.mark.parametrize(
    ("raw", "rating"),
    [
        ("4.5", (4.5, 5)),
        ("8.2/10", (8.2, 10)),
        ("★★★☆☆", (3, 5)),
        ("★★★", (3, 5)),
        ("width:80%", (4, 5)),
        ("4 out of 5 stars", (4, 5)),
        ("9", None),
        ("很好", None),
        ("7/0", None),
    ],
)
def test_ratings(raw, rating):
    assert read_rating(raw, most=5) == rating


def spider(**parameters):
    return ArticleSpider(
        source="a",
        parameters={"url": "https://news.example/1", **parameters},
        state={},
        max_pages=1,
        collected_at=NOW,
    )


def read(html, **parameters):
    body = html if isinstance(html, bytes) else html.encode()
    headers = Headers({"Content-Type": "text/html"})
    return read_page(
        spider(**parameters), Response("https://news.example/1", headers=headers, body=body)
    )


def test_json_ld_comes_first():
    html = f"""<script type="application/ld+json">[{{"@type":["Thing","NewsArticle"],
      "headline":"门封变形","articleBody":"{BODY}","datePublished":"2026-11-21T10:05:00+08:00",
      "author":[{{"@type":"Person","name":"记者甲"}}]}}]</script><meta property="og:title" content="别的">"""
    (item,) = read(html).items
    assert (item.title, item.author_name, item.kind) == ("门封变形", "记者甲", "article")
    assert item.posted_at == datetime(2026, 11, 21, 2, 5, tzinfo=UTC)
    assert item.text == BODY


def test_meta_and_the_densest_element_come_next_and_gbk_is_read():
    html = f"""<meta charset="gb2312"><meta property="og:title" content="门封变形">
      <meta name="publishdate" content="2026年11月21日 10:05">
      <div><p><a href="/">首页导航很长很长很长很长很长很长很长很长很长很长很长</a></p></div>
      <div id="c"><p>　　{BODY}</p><p>第二段。</p></div>"""
    (item,) = read(html.encode("gbk")).items
    assert item.title == "门封变形"
    assert item.text == f"{BODY}\n第二段。"
    assert item.posted_at == datetime(2026, 11, 21, 2, 5, tzinfo=UTC)


def test_the_shown_time_is_the_last_resort():
    html = f"<h1>标题</h1><div class='info'>来源：某某晚报　2026-11-21 10:05:33</div><article>{BODY}</article>"
    (item,) = read(html).items
    assert item.posted_at == datetime(2026, 11, 21, 2, 5, 33, tzinfo=UTC)


def test_reviews_of_a_product_page():
    html = """<script type="application/ld+json">{"@type":"Product","name":"云朵烤箱","review":[
      {"reviewBody":"门封漏热","reviewRating":{"ratingValue":"2","bestRating":5},
       "author":{"name":"某某"},"datePublished":"2026-11-20"},
      {"@type":"Review","reviewBody":"很好","reviewRating":{"ratingValue":9,"bestRating":5}},
      {"@type":"Review"}]}</script>"""
    first, second = read(html).items
    assert (first.text, first.rating, first.rating_max, first.kind) == ("门封漏热", 2, 5, "review")
    assert (first.author_name, first.posted_precision) == ("某某", "day")
    assert (second.rating, second.rating_max) == (None, None)
    assert first.source_id != second.source_id


@pytest.mark.parametrize(
    ("html", "kind"),
    [("", "bad_payload"), ("just words", "bad_payload"), ("<p>x</p>", "schema_drift")],
)
def test_pages_without_an_article_are_named(html, kind):
    assert read(html).failure.kind is FailureKind(kind)


@pytest.mark.parametrize(
    "data",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"@type":"Review","reviewBody":{"x":[]}}',
        '{"@type":"NewsArticle","headline":7,"articleBody":["a",{}],"author":[[]]}',
        '{"@type":"Review","reviewBody":"x","reviewRating":{"ratingValue":1e999}}',
        '{"@type":"Review","reviewBody":"x","reviewRating":{"ratingValue":' + "9" * 6000 + "}}",
        "null",
    ],
)
def test_hostile_json_ld_is_survived(data):
    root = parse_page(f'<p>x</p><script type="application/ld+json">{data}</script>')
    assert read_article(root) is not None
    assert isinstance(read_reviews(root), tuple)


def test_a_mention_is_bounded_in_every_field_and_stays_so():
    nasty = "\x1b]0;x\x07a\x00\ud800\u202e\x9b"
    item = MentionItem(
        source_id=nasty,
        text="x" * 50_000,
        title=nasty * 900,
        url="javascript:alert(1)",
        html="h" * 100_000,
        author_name=nasty,
        author_id=nasty * 500,
        posted_at=datetime(1, 1, 1, tzinfo=UTC),
        posted_raw=nasty,
        rating=math.inf,
        rating_max=5,
        likes=10**30,
        views=-(10**30),
        extra={nasty: nasty, "n": 10**40, "f": math.nan, "b": True},
    )
    once = bounded(item)
    assert bounded(once) == once
    shown = repr(once)
    assert not any(
        mark in shown for mark in ("\x1b", "\\x1b", "\\x00", "\\ud800", "\\u202e", "\\x9b")
    )
    assert (once.url, once.posted_at, once.rating, once.likes) == (None, None, None, MOST)
    assert (len(once.text), len(once.title)) == (20_000, 500)
    assert once.extra["n"] == 2**53
    assert once.extra["b"] is True


def test_different_ids_stay_different():
    long = ["x" * 1000 + str(n) for n in range(3)] + ["a\x00", "a", "a b", "a  b", "", "\ud800"]
    ids = {bounded(MentionItem(source_id=one, text=f"t{one}")).source_id for one in long}
    assert len(ids) == len(long)
    assert all(0 < len(one) <= 400 for one in ids)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x?y=1&z=门", "https://a.example/x?y=1&z=门"),
        ('https://a.example/"><b>', "https://a.example/%22%3E%3Cb%3E"),
        ("https://a.example/\u202egpj", "https://a.example/gpj"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.example/x", None),
        ("https://", None),
        ("http://[::1", None),
        ("https://a.example/" + "x" * 3000, None),
    ],
)
def test_addresses_are_safe_in_a_link_or_gone(url, safe):
    assert web_address(url) == safe


def test_nothing_printable_moves_a_cursor():
    assert printable("a\x1b[2Jb\r\nc\td\x9b31m\u202ee") == "a[2Jb\nc\td31me"
    assert one_line("a\nb\x1b\u2028c") == "a b c"
