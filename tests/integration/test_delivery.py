"""The outbox through the real Telegram library to a strict Bot API server."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from listener.clock import FakeClock
from listener.errors import Permanent, Temporary
from listener.notify.delivery import Deliverer
from listener.notify.telegram import TelegramChannel, asking, open_bot
from listener.reports.chart import render_chart
from listener.store import outbox
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import Message
from tests.fakes.telegram import FakeTelegram

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TOKEN = "123456:SECRET-TOKEN"
CHAT = -1001
SPEC = {
    "starts": [NOW.isoformat()],
    "negatives": [3],
    "others": [1],
    "expected": [0.2],
    "episode_at": NOW.isoformat(),
    "until": NOW.isoformat(),
    "title": "FS-1 测试",
    "lang": "zh-CN",
    "timezone": "Asia/Shanghai",
}


class InlineCharts:
    """Draws in this process; the child process has its own test."""

    async def draw(self, spec, path):
        render_chart(spec, path)


class BrokenCharts:
    """A drawing child that is down."""

    async def draw(self, spec, path):
        raise Temporary("the drawing child is down")


class Post:
    """An outbox and its way to the fake chat."""

    def __init__(self, engine, tmp_path, server, charts=None):
        self.engine, self.server = engine, server
        self.clock = FakeClock(NOW)
        self.folder = tmp_path / "charts"
        self.charts = charts or InlineCharts()

    def put(self, key, html, **values):
        body = {
            "html": html,
            "buttons": values.pop("buttons", []),
            "chart": values.pop("chart", None),
            "asks_reply": values.pop("asks_reply", False),
            "content_hash": values.pop("content_hash", None),
        }
        with unit_of_work(self.engine) as session:
            return outbox.put_message(
                session,
                channel="telegram",
                recipient=str(CHAT),
                purpose="alert",
                subject_type="incident",
                subject_id=1,
                dedupe_key=key,
                body=body,
                now=self.clock.now(),
                **values,
            )

    def deliver(self):
        async def go():
            line = open_bot(TOKEN, base_url=f"{self.server.url}/bot", proxy=None, poll_timeout_s=1)
            try:
                channel = TelegramChannel(line.bot, key=b"k" * 32)
                return await Deliverer(
                    engine=self.engine,
                    clock=self.clock,
                    channels={"telegram": channel},
                    charts=self.charts,
                    chart_folder=self.folder,
                    owner="t",
                ).deliver_due()
            finally:
                await line.close()

        return asyncio.run(go())

    def rows(self):
        with read_session(self.engine) as session:
            return list(session.exec(select(Message).order_by(Message.id)))


@pytest.fixture
def server():
    with FakeTelegram(token=TOKEN, chats=[CHAT]) as running:
        yield running


@pytest.fixture
def post(engine, tmp_path, server):
    return Post(engine, tmp_path, server)


BUTTONS = [[{"action": "claim", "text": "认领", "id": 1}]]


def test_an_alert_goes_out_as_photo_and_is_edited_in_place(post, server):
    original = post.put("a", "<b>预警</b>", chart=SPEC, buttons=BUTTONS)
    assert post.deliver() == 1
    post.put("e1", "<b>预警</b> 已认领", chart=SPEC, target_id=original)
    assert post.deliver() == 1
    post.put("e2", "<b>预警</b> 更多", chart={**SPEC, "negatives": [9]}, target_id=original)
    assert post.deliver() == 1
    (message,) = server.messages(CHAT)
    assert message.photo is not None
    assert message.caption == "预警 更多"
    assert list(message.buttons) == []
    methods = [call.method for call in server.calls()]
    assert methods == ["sendPhoto", "editMessageCaption", "editMessageMedia"]


def test_telegrams_wait_is_honoured_to_the_second_and_nothing_overtakes(post, server):
    post.put("a", "一")
    post.put("b", "二")
    server.misbehave("sendMessage", "rate_limit", retry_after_s=17)
    assert post.deliver() == 0
    assert post.deliver() == 0
    assert len(server.calls("sendMessage")) == 1
    post.clock.advance(timedelta(seconds=17))
    assert [row.due_at for row in post.rows()] == [NOW + timedelta(seconds=17)] * 2


@pytest.mark.parametrize("how", ["bad_gateway", "server_error", "cut_before", "garbage"])
def test_trouble_is_retried_until_the_message_is_accepted(post, server, how):
    post.put("a", "一")
    server.misbehave("sendMessage", how)
    assert post.deliver() == 0
    post.clock.advance(timedelta(minutes=5))
    assert post.deliver() == 1
    assert [m.text for m in server.messages(CHAT)] == ["一"]


def test_an_answer_lost_after_acceptance_sends_again_rather_than_never(post, server):
    post.put("a", "一")
    server.misbehave("sendMessage", "cut_after")
    assert post.deliver() == 0
    post.clock.advance(timedelta(minutes=5))
    assert post.deliver() == 1
    assert len(server.messages(CHAT)) == 2


def test_an_edit_that_changes_nothing_counts_as_done(post):
    original = post.put("a", "一")
    post.deliver()
    post.put("e", "一", target_id=original)
    assert post.deliver() == 1


def test_a_chat_that_is_gone_drops_the_message_with_a_reason(post, server):
    server.kick(CHAT)
    post.put("a", "一")
    assert post.deliver() == 0
    assert [(row.state, row.not_sent_reason) for row in post.rows()] == [("dropped", "gone")]


def test_a_broken_chart_does_not_hold_the_alert_back(engine, tmp_path, server):
    post = Post(engine, tmp_path, server, BrokenCharts())
    post.put("a", "预警", chart=SPEC)
    assert post.deliver() == 1
    assert server.messages(CHAT)[0].text == "预警"


def test_markup_that_telegram_refuses_is_sent_as_plain_text(post, server):
    post.put("a", "<b>未闭合 &lt;x&gt;")
    assert post.deliver() == 1
    assert server.messages(CHAT)[0].text == "未闭合 <x>"


def test_a_caption_is_cut_to_what_telegram_takes(post, server):
    post.put("a", "标题\n" + "\n".join(f"“{'引' * 300}”" for _ in range(5)), chart=SPEC)
    assert post.deliver() == 1
    assert server.messages(CHAT)[0].caption.startswith("标题")


def test_a_question_asks_for_a_reply(post, server):
    post.put("q", "范围多大？", asks_reply=True)
    post.deliver()
    assert "force_reply" in str(server.messages(CHAT)[0].reply_markup)


def test_errors_never_carry_the_token(post, server):
    async def go(token):
        line = open_bot(token, base_url=f"{server.url}/bot", proxy=None, poll_timeout_s=1)
        try:
            await asking(line.bot.get_me())
        finally:
            await line.close()

    for wrong in ("999:OTHER-SECRET", TOKEN):
        server.misbehave("getMe", "cut_before")
        with pytest.raises((Temporary, Permanent)) as caught:
            asyncio.run(go(wrong))
        assert "SECRET" not in str(caught.value)
        assert caught.value.__cause__ is None
