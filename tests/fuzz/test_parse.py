"""Any bytes at all: ``parse`` gives mentions that are valid JSON, or exactly one failure."""

import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.crawl.parsing import SavedBody, failure_json, parse_saved
from listener.items import FailureKind
from tests.conftest import ROOT

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
BODIES = [
    path.read_bytes()
    for folder in ("feed", "appstore")
    for path in sorted((ROOT / "tests" / "data" / folder).iterdir())
    if "expected" not in path.name
]
ODD = [
    b"<",
    b"&",
    b"]]>",
    b"<![CDATA[",
    b"\x00",
    b"\xff\xfe",
    b"\xd8\x00",
    b'"',
    b"\\ud800",
    b"<!--",
]
ODD += [
    b"<item>",
    b"</rss>",
    b"null",
    b"[]",
    b"{}",
    b"1e999",
    b"<!DOCTYPE x [",
    b"&a;",
    b"xmlns:a=",
]
SPIDERS = ["feed", "rsshub", "google_news", "bing_news", "appstore"]


def check(source: str, body: bytes, status: int = 200, content_type: str = "") -> None:
    saved = SavedBody(
        body=body, url="", status=status, content_type=content_type, collected_at=NOW
    )
    mentions, failure = parse_saved(source, saved)
    assert (failure is None) == bool(mentions)
    for line in [failure_json(failure)] if failure else mentions:
        text = json.dumps(line, ensure_ascii=False, allow_nan=False)
        assert json.loads(text.encode()) == line
    for mention in mentions:
        assert mention["source_id"]
        assert mention["text"]
        assert mention["posted_at"] is None or mention["posted_at"] <= NOW.isoformat()
    if failure is not None:
        assert failure.kind in FailureKind


def mutated(body: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(body) + 1)
        match chance.randrange(4):
            case 0:
                body = body[:at]
            case 1:
                body = body[:at] + chance.choice(ODD) + body[at:]
            case 2:
                body = body[:at] + body[at + chance.randint(1, 40) :]
            case _:
                body = body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
    return body


@settings(max_examples=120, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(BODIES), st.sampled_from(SPIDERS))
def test_mutated_bodies_never_break_the_parser(chance, body, source):
    check(source, mutated(body, chance))


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(SPIDERS),
    st.sampled_from([200, 204, 304, 400, 403, 404, 429, 503]),
    st.sampled_from(["", "text/xml; charset=base64", "application/json; charset=utf-7", "\xff"]),
)
def test_any_bytes_never_break_the_parser(body, source, status, content_type):
    check(source, body, status, content_type)


@pytest.mark.parametrize("source", SPIDERS)
@pytest.mark.parametrize("body", ODD)
def test_small_oddities_never_break_the_parser(source, body):
    check(source, body)
