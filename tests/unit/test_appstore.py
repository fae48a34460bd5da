import json

import pytest

from tests.conftest import ROOT
from tests.unit.test_feed import failure_of, items

DATA = ROOT / "tests" / "data" / "appstore"
URL = "https://itunes.apple.com/cn/rss/customerreviews/page={}/id=1/sortby=mostrecent/json"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("reviews.json", "reviews"), ("reviews.xml", "reviews_xml"), ("connect.json", "connect")],
)
def test_each_form_gives_the_expected_reviews(name, expected):
    wanted = json.loads((DATA / f"{expected}.expected.json").read_text(encoding="utf-8"))
    found = items((DATA / name).read_bytes(), "appstore", url=URL.format(1))
    assert len(found) == len(wanted)
    for review, values in zip(found, wanted, strict=True):
        assert {key: review[key] for key in values} == values


def test_one_review_is_an_object_and_none_is_no_entry_at_all():
    entry = {"im:rating": {"label": "4"}, "title": {"label": "好"}, "id": {"label": "1"}}
    assert len(items(json.dumps({"feed": {"entry": entry}}), "appstore")) == 1
    app = {"im:name": {"label": "澜白"}, "title": {"label": "澜白"}}
    for feed in ({}, {"entry": None}, {"entry": []}, {"entry": app}, {"entry": [app]}):
        assert failure_of(json.dumps({"feed": feed}), "appstore")[0] == "empty"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 200, "blocked"),
        (b"{", 200, "bad_payload"),
        (b"[]", 200, "schema_drift"),
        (b"{}", 200, "schema_drift"),
        (b'{"feed": {"entry": 3}}', 200, "schema_drift"),
        (b'{"feed": {"entry": [{"a": 1}, {"b": 1}, {"c": 1}]}}', 200, "schema_drift"),
        (b'{"data": []}', 200, "empty"),
        (b"<html><body>Bad Gateway</body></html>", 502, "server_error"),
        (b"<html><body>busy</body></html>", 200, "bad_payload"),
        (b"", 503, "server_error"),
        (b'{"errors": [{"status": "401", "code": "NOT_AUTHORIZED"}]}', 401, "login_required"),
        (b'{"errors": [{"status": "401", "code": "NOT_AUTHORIZED"}]}', 200, "login_required"),
        (b'{"errors": [{"status": "429", "code": "RATE_LIMIT_EXCEEDED"}]}', 429, "rate_limited"),
        (b'{"errors": []}', 200, "schema_drift"),
        (b"CustomerReviews RSS page depth is limited to 10", 400, "empty"),
        (b"bad request", 400, "bad_payload"),
    ],
)
def test_each_answer_without_reviews_is_its_failure(body, status, kind):
    assert failure_of(body, "appstore", status=status)[0] == kind


def test_the_reason_of_an_error_document_reaches_the_user():
    body = b'{"errors": [{"status": "401", "code": "NOT_AUTHORIZED", "detail": "renew the key"}]}'
    assert "NOT_AUTHORIZED: renew the key" in failure_of(body, "appstore", status=401)[1]


def test_past_the_tenth_page_is_the_end():
    assert failure_of(b"x", "appstore", status=400, url=URL.format(11))[0] == "empty"
