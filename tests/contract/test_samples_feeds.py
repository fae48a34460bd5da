"""Recorded bodies of feeds and reviews keep their counts, times and key fields."""

from datetime import UTC, datetime

import pytest

from listener.crawl.parsing import SavedBody, parse_saved
from tests.conftest import SHARED

SAMPLES = SHARED / "samples"
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not SAMPLES.is_dir(), reason="the recorded bodies are not beside this checkout"
    ),
]


def parse(name, *, status=200):
    path = SAMPLES / name
    saved = SavedBody(
        body=path.read_bytes(), url="", status=status, content_type="", collected_at=NOW
    )
    return parse_saved(path.parent.name, saved)


@pytest.mark.parametrize(
    ("name", "count", "posted_at"),
    [
        ("feeds/big5_marilynwu.blogspot.com.xml", 4, "2005-11-12T17:00:00+00:00"),
        ("feeds/gb2312_cappuccinos.3322.org.xml", 10, "2005-12-27T01:08:26+00:00"),
        ("feeds/gb2312_jjgod.3322.org.xml", 10, "2005-12-27T16:50:24+00:00"),
        ("feeds/gb2312_w3cn.org.xml", 20, "2005-05-28T08:05:36+00:00"),
        ("feeds/jsonfeed_npr.json", 25, "2021-10-29T14:26:00+00:00"),
        ("feeds/rdf_utf8.xml", 60, None),
        ("feeds/small_atom.xml", 20, "2024-03-12T05:30:27+00:00"),
        ("rsshub/weibo_keyword.xml", 2, "2026-11-21T02:00:00+00:00"),
        ("google_news/search.xml", 1, "2023-02-01T08:00:00+00:00"),
        ("bing_news/search.xml", 1, "2026-10-06T04:19:00+00:00"),
        ("appstore/connect_customer_reviews.json", 1, "2026-11-20T10:15:30+00:00"),
        ("appstore/customerreviews_jp_p1.json", 15, None),
        ("appstore/customerreviews_jp_p1.xml", 10, "2020-08-12T11:06:20+00:00"),
    ],
)
def test_recorded_bodies_give_their_mentions(name, count, posted_at):
    mentions, failure = parse(name)
    assert failure is None
    assert len(mentions) == count == len({one["source_id"] for one in mentions})
    assert mentions[0]["posted_at"] == posted_at
    assert all(one["text"] and "\ufffd" not in (one["title"] or "") for one in mentions)


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("feeds/big5.xml", 200, "empty"),
        ("feeds/http_text_xml_default.xml", 200, "empty"),
        ("feeds/bozo_http_i18n.xml", 200, "empty"),
        ("rsshub/error_page.html", 503, "server_error"),
        ("appstore/customerreviews_empty.json", 200, "empty"),
    ],
)
def test_recorded_failures_are_named(name, status, kind):
    mentions, failure = parse(name, status=status)
    assert mentions == []
    assert failure.kind == kind


def test_reviews_carry_their_ratings_and_the_news_their_outlets():
    for name in ("customerreviews_jp_p1.json", "customerreviews_jp_p1.xml"):
        reviews, _ = parse(f"appstore/{name}")
        assert all(1 <= one["rating"] <= one["rating_max"] == 5 for one in reviews)
        assert all(one["kind"] == "review" and one["likes"] is not None for one in reviews)
    assert parse("google_news/search.xml")[0][0]["author_name"]
    assert parse("bing_news/search.xml")[0][0]["url"].startswith("https://canaltech")
    assert "Cookies expired" in parse("rsshub/error_page.html", status=503)[1].detail
