"""Hostile values in every field, from the wire to terminal, chat, draft and log."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from crisis import intake
from crisis.drafting import draft_requested
from listener.cli import app
from listener.clock import SystemClock
from listener.commands.common import open_office
from listener.logs import set_up_logging
from listener.store import findings, series
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import Mention, Message, Revision, Source
from tests.build import score_all
from tests.fakes.hostile_fields import NASTY, nasty_feed, nasty_page
from tests.fakes.hostile_site import HostileSite, says
from tests.fakes.telegram_html import parse_html

# Everything that moves a cursor, hides text, reverses it, or cannot be stored.
DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\ud800-\udfff]"
)
CONFIG = """
[crawl]
delay_s = 0.01
timeout_s = 20
allow_networks = ["127.0.0.0/8"]
[[people]]
key = "lin"
name = "林岚"
roles = ["lead"]
[[brands]]
key = "b"
name = "澜白"
[brands.query]
any = ["澜白"]
[brands.facts.contact]
value = "客服热线 400-000-0233"
[brands.facts.action_taken]
value = "我们已启动应急响应，技术团队正在排查"
[brands.facts.scope]
state = "unknown"
[brands.facts.data_safety]
state = "unknown"
[[sources]]
key = "feed"
name = "社区"
spider = "feed"
parameters = { url = "%(url)s/feed", kind = "post" }
[[sources]]
key = "list"
name = "列表"
spider = "site"
[sources.parameters]
url = "%(url)s/list"
item = "li"
link = "a"
title = "a"
text = "p"
author = "i"
time = "time"
likes = "em"
id = "::attr(data-id)"
[[sources]]
key = "gone"
name = "改版的页面"
spider = "site"
parameters = { url = "%(url)s/list", item = "div.old" }
"""


class Desk:
    """One installation that has swallowed every nasty value and opened an incident of it."""

    def __init__(self, folder, url):
        self.config = folder / "config.toml"
        self.config.write_text(CONFIG % {"url": url}, encoding="utf-8")
        self.log = folder / "fengsheng.log"
        set_up_logging("DEBUG", self.log)
        self.crawled = self.run("crawl")
        self.now = SystemClock().now()
        self.office = open_office(self.config)
        score_all(self.office.engine, self.now)
        self.open_incident()

    def run(self, *arguments):
        name, *rest = arguments
        return CliRunner().invoke(app, [name, "--config", str(self.config), *rest])

    def open_incident(self):
        with unit_of_work(self.office.engine) as session:
            finding_id = findings.insert_finding(
                session,
                {
                    "natural_key": "crisis:1",
                    "brand_id": 1,
                    "series_id": series.ensure_series(session, 1),
                    "channel": findings.CRISIS,
                    "severity": "serious",
                    "severity_reason": "crisis_on",
                    "started_at": self.now - timedelta(minutes=30),
                    "last_on_at": self.now,
                    "score": 5.0,
                    "observed": 12,
                    "expected": 0.3,
                    "judgement": {
                        "observed": 12,
                        "total": 14,
                        "expected": 0.9,
                        "expected_baseline": 0.3,
                        "usual_share": 0.15,
                        "window_buckets": 6,
                    },
                    "found_at": self.now,
                    "changed_at": self.now,
                },
            )
            found = findings.finding(session, finding_id)
            intake.handle_finding(session, self.office.desk, found, self.now)
        with unit_of_work(self.office.engine) as session:
            draft_requested(session, self.office.desk, self.now)

    def rows(self, table):
        with read_session(self.office.engine) as session:
            return session.exec(select(table)).all()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    now = datetime.now(UTC) - timedelta(minutes=5)
    behaviours = {"/feed": says(nasty_feed(now)), "/list": says(nasty_page(now))}
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    with HostileSite(behaviours) as site:
        one = Desk(tmp_path_factory.mktemp("desk"), site.url)
        yield one
    one.office.engine.dispose()
    for handler in logging.getLogger().handlers:
        handler.close()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def test_every_entry_is_stored_once_and_none_is_lost(desk):
    rows = desk.rows(Mention)
    keys = {source.id: source.key for source in desk.rows(Source)}
    for key in ("feed", "list"):
        assert sum(keys[row.source_id] == key for row in rows) == len(NASTY)


def test_what_is_stored_is_plain_and_bounded(desk):
    for row in desk.rows(Mention):
        for value in row.model_dump().values():
            assert not DANGEROUS.search(value if isinstance(value, str) else "")
        assert len(row.text) <= 20_000
        assert row.likes is None or row.likes < 2**31
        assert row.url is None or row.url.startswith("https://x.example/")


def test_a_page_that_changed_is_named_as_a_blind_spot(desk):
    alert = next(one for one in desk.rows(Message) if one.purpose == "alert")
    assert "改版的页面 一直无数据（页面结构变化）" in alert.body["html"]


def test_the_alert_is_valid_for_the_chat_and_shows_hostile_text_as_text(desk):
    messages = desk.rows(Message)
    assert {"alert", "draft"} <= {one.purpose for one in messages}
    for one in messages:
        text, entities = parse_html(one.body["html"])
        assert not DANGEROUS.search(text)
        links = [entity["url"] for entity in entities if entity["type"] == "text_link"]
        assert all(link.startswith("https://x.example/") for link in links)


def test_the_draft_holds_nothing_that_a_stranger_wrote(desk):
    (revision,) = desk.rows(Revision)
    assert not DANGEROUS.search(revision.text)
    assert "x.example" not in revision.text
    assert "<" not in revision.text


@pytest.mark.parametrize(
    "command",
    [
        ("crawl",),
        ("crawl", "--json"),
        ("sources",),
        ("sources", "--json"),
        ("incidents",),
        ("incidents", "--json"),
        ("incidents", "show", "1"),
        ("incidents", "show", "1", "--json"),
        ("statements",),
        ("statements", "show", "r1"),
        ("statements", "show", "r1", "--json"),
        ("doctor",),
    ],
)
def test_no_escape_sequence_reaches_the_terminal(desk, command):
    result = desk.crawled if command == ("crawl",) else desk.run(*command)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    shown = result.output
    assert shown.strip()
    assert not DANGEROUS.search(shown)
    if "--json" in command:
        json.loads(result.stdout)


@pytest.mark.parametrize("spider", ["feed", "site"])
def test_parse_prints_one_clean_line_for_each_mention(desk, tmp_path, spider):
    body = tmp_path / "body"
    now = datetime.now(UTC)
    body.write_bytes(nasty_feed(now) if spider == "feed" else nasty_page(now))
    arguments = ["parse", spider, str(body), "--url", "https://x.example/list"]
    if spider == "site":
        arguments += ["--source", "list", "--config", str(desk.config)]
    result = CliRunner().invoke(app, arguments)
    lines = result.stdout.splitlines()
    assert len(lines) == len(NASTY)
    assert all(json.loads(line)["source_id"] for line in lines)
    assert not DANGEROUS.search(result.stdout)


def test_each_log_record_is_one_clean_line_of_json(desk):
    lines = desk.log.read_text(encoding="utf-8").split("\n")[:-1]
    assert lines
    for line in lines:
        assert not DANGEROUS.search(line)
        assert json.loads(line)["level"] != "CRITICAL"
    assert not any("fake entry" in line for line in lines)
