"""What a spider keeps from one pass to the next, without a network."""

import json
from datetime import UTC, datetime

import pytest
from scrapy.http import Request, Response

from listener.commands.doctor import _deaf_spots
from listener.store.records import SourceHealth
from listener.store.sources import STOPPED_FOR
from spiders.appstore import AppStoreSpider
from spiders.base import lasting_target
from spiders.feed_pace import ttl_of

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reasons", "target"),
    [
        ([], None),
        ([302], None),
        ([301], "b"),
        ([308, 301], "c"),
        ([301, 302], "b"),
        ([302, 301], None),
    ],
)
def test_a_lasting_move_ends_at_the_first_passing_one(reasons, target):
    assert lasting_target(["a", "b", "c"][: len(reasons) + 1], reasons) == target


@pytest.mark.parametrize(
    ("feed", "headers", "wish_s"),
    [
        ({}, {}, None),
        ({"ttl": "60"}, {}, 3600),
        ({"ttl": "x"}, {}, None),
        ({"sy_updateperiod": "hourly", "sy_updatefrequency": "2"}, {}, 1800),
        ({"sy_updateperiod": "yearly"}, {}, 86_400),
        ({"ttl": "1"}, {"Cache-Control": "public, max-age=1800"}, 1800),
        ({}, {"Cache-Control": "no-cache, max-age=1800"}, None),
        ({}, {"Cache-Control": "max-age=1800", "Age": "600"}, 1200),
    ],
)
def test_the_longest_wish_of_a_feed_counts(feed, headers, wish_s):
    assert ttl_of(feed, Response("https://a.example", headers=headers)) == wish_s


def walked(state, page, body, status=200):
    spider = AppStoreSpider(
        source="app",
        parameters={"app_id": "1"},
        state=state,
        max_pages=60,
        collected_at=NOW,
    )
    url = spider.first_url().replace("page=1/", f"page={page}/")
    request = Request(url)
    response = Response(url, status=status, body=body, request=request)
    yielded = list(spider.parse(response))
    return spider.outcome, [one.url for one in yielded if isinstance(one, Request)]


REVIEW = {"id": {"label": "1"}, "im:rating": {"label": "1"}, "title": {"label": "闪退"}}
EMPTY = b'{"feed": {}}'


def test_an_empty_list_is_believed_only_where_there_never_was_a_review():
    assert walked({}, 1, EMPTY)[0].failure.kind == "empty"
    assert walked({"seen": ["1"]}, 1, EMPTY)[0].failure.kind == "bad_payload"


def test_the_eleventh_page_is_never_asked_for():
    body = json.dumps({"feed": {"entry": REVIEW}}).encode()
    assert "page=10/" in walked({}, 9, body)[1][0]
    assert walked({}, 10, body)[1] == []


def health(**values):
    given = {
        "id": 1,
        "key": "forum",
        "name": "社区",
        "spider": "feed",
        "group_name": "forum",
        "interval_s": 300,
        "is_enabled": True,
        "next_due_at": NOW,
        "last_attempt_at": NOW,
        "last_success_at": None,
        "last_failure_kind": "gone",
        "last_failure_detail": "HTTP 410",
        "failures_in_row": 1,
    }
    return SourceHealth(**(given | values))


def test_the_doctor_tells_stopped_sources_from_failing_and_good_ones():
    checks = list(
        _deaf_spots([health(), health(next_due_at=NOW + STOPPED_FOR), health(failures_in_row=0)])
    )
    assert [check.level for check in checks] == ["warning", "error"]
    assert "fengsheng crawl forum" in checks[1].remedy
