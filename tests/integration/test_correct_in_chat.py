"""更多 under an alert: 误报, 非本品牌, 情感判错, played through a strict Bot API server."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from crisis.panel import STAYS_FOR
from crisis.policy import Audience, Recipient
from listener.bot.handlers import UpdateHandler
from listener.bot.poller import Poller
from listener.clock import FakeClock
from listener.config_file import load_config
from listener.notify.delivery import Deliverer
from listener.notify.telegram import TelegramChannel, open_bot
from listener.reports.chart import render_chart
from listener.store import incidents
from listener.store.engine import read_session
from listener.store.tables import AuditEntry, Correction
from tests.build import item, score_all, store
from tests.fakes.telegram import FakeTelegram
from tests.integration.test_corrections import Team
from tests.integration.test_response import CONFIG, NOW

TOKEN = "123456:SECRET-TOKEN"
CHAT = -1001
KEY = b"k" * 32
LIN, ZHOU, NOBODY = 100000001, 100000002, 100000009


class InlineCharts:
    """Draws in this process; the child process has its own test."""

    async def draw(self, spec, path):
        render_chart(spec, path)


class Chat(Team):
    """The team's chat: what the service does between two presses, each time by new objects."""

    def __init__(self, engine, file, folder, server):
        super().__init__(engine, file)
        audience = Audience(recipients=(Recipient("telegram", str(CHAT)),))
        self.desk = type(self.desk)(
            **{name: getattr(self.desk, name) for name in self.desk.__slots__}
            | {"audience": audience}
        )
        self.folder, self.server, self.clock = folder, server, FakeClock(NOW)
        self.lin = server.person(LIN, "林岚")
        self.zhou = server.person(ZHOU, "周宁")
        self.stranger = server.person(NOBODY, "路人")
        self.incident_id = self.find()

    def work(self):
        """Start the service's chat side anew, take what was pressed, and send what was decided."""

        async def go():
            line = open_bot(TOKEN, base_url=f"{self.server.url}/bot", proxy=None, poll_timeout_s=0)
            try:
                handler = UpdateHandler(
                    engine=self.engine,
                    clock=self.clock,
                    desk=self.desk,
                    chat_id=CHAT,
                    callback_key=KEY,
                )
                await Poller(
                    engine=self.engine,
                    clock=self.clock,
                    bot=line.bot,
                    handler=handler,
                    poll_timeout_s=0,
                ).poll()
                deliverer = Deliverer(
                    engine=self.engine,
                    clock=self.clock,
                    channels={"telegram": TelegramChannel(line.bot, key=KEY)},
                    charts=InlineCharts(),
                    chart_folder=self.folder,
                    owner="t",
                )
                while await deliverer.deliver_due():
                    pass
            finally:
                await line.close()

        asyncio.run(go())

    def press(self, person, message, label):
        """Press a button as it stands now; return what the bubble says."""
        press = person.press(self.server.message(CHAT, message.message_id), label)
        self.work()
        return press.wait_answered(timeout_s=10).text

    @property
    def alert(self):
        return next(one for one in self.server.messages(CHAT) if "认领" in one.buttons)

    @property
    def panel(self):
        return [one for one in self.server.messages(CHAT) if one.text and "🛠" in one.text][-1]


@pytest.fixture
def server():
    with FakeTelegram(token=TOKEN, chats=[CHAT]) as running:
        yield running


@pytest.fixture
def chat(engine, tmp_path, server):
    path = tmp_path / "config.toml"
    text = CONFIG.replace('key = "lin"', f'key = "lin"\ntelegram_id = {LIN}')
    text = text.replace('key = "zhou"', f'key = "zhou"\ntelegram_id = {ZHOU}')
    path.write_text(text, encoding="utf-8")
    running = Chat(engine, load_config(path), tmp_path / "charts", server)
    running.work()
    assert list(running.alert.buttons) == ["认领", "静音", "起草", "更多"]
    return running


def test_a_story_is_said_to_be_somebody_elses_and_taken_back(chat):
    assert chat.press(chat.zhou, chat.alert, "更多") == "更正选项在下面"
    assert chat.panel.reply_to_message_id == chat.alert.message_id
    assert list(chat.panel.buttons) == ["误报", "非本品牌", "情感判错", "完成"]
    assert chat.press(chat.zhou, chat.panel, "非本品牌") == "请选是哪一条"
    assert "澜白" in chat.panel.text
    before = chat.counts()
    assert chat.press(chat.zhou, chat.panel, "1") == "已更正"
    after = chat.counts()
    assert after[0] < before[0]
    assert "不再计入" in chat.panel.text
    assert chat.press(chat.zhou, chat.panel, "撤回") == "已撤回"
    assert chat.counts() == before
    assert chat.press(chat.zhou, chat.panel, "完成") == "谢谢"
    assert not chat.panel.buttons
    with read_session(chat.engine) as session:
        kept = session.exec(select(Correction).order_by(Correction.id)).all()
        audit = [(one.actor, one.via) for one in session.exec(select(AuditEntry))]
    assert len(kept) == 2 * (before[0] - after[0])
    assert {(one.by, one.via, one.incident_id) for one in kept} == {("zhou", "telegram", None)}
    assert audit == [("zhou", "telegram")] * 2


def test_a_sentiment_is_set_right_in_two_questions(chat):
    chat.press(chat.lin, chat.alert, "更多")
    assert chat.press(chat.lin, chat.panel, "情感判错") == "请选是哪一条"
    assert chat.press(chat.lin, chat.panel, "2") == "请选正确的情感"
    assert "现判为负面" in chat.panel.text
    assert list(chat.panel.buttons) == ["负面", "中性", "正面", "返回"]
    mentions, negatives = chat.counts()
    assert chat.press(chat.lin, chat.panel, "正面") == "已更正"
    assert chat.counts()[0] == mentions
    assert chat.counts()[1] < negatives
    assert "应为正面" in chat.panel.text


def test_a_false_alarm_is_noted_by_anybody_and_closed_by_a_lead_only(chat):
    chat.press(chat.zhou, chat.alert, "更多")
    assert chat.press(chat.zhou, chat.panel, "误报") == "已标为误报"
    assert chat.press(chat.zhou, chat.panel, "以误报关闭") == "您的角色不能做这一步"
    assert chat.press(chat.lin, chat.panel, "以误报关闭") == "已以误报关闭"
    with read_session(chat.engine) as session:
        assert not incidents.incident(session, chat.incident_id).is_open
        events = incidents.timeline(session, chat.incident_id)
    closing = next(event for event in events if event.kind == "close")
    assert (closing.actor, closing.data["outcome"]) == ("lin", "false_alarm")
    assert not chat.panel.buttons


def test_pressed_twice_it_counts_once_and_an_update_that_comes_twice_too(chat, server):
    chat.press(chat.zhou, chat.alert, "更多")
    old = chat.panel
    chat.press(chat.zhou, old, "误报")
    chat.press(chat.zhou, chat.panel, "返回")
    press = chat.zhou.press(server.message(CHAT, old.message_id), "误报")
    server.deliver_again(press)
    chat.work()
    chat.work()
    assert press.wait_answered(timeout_s=10).text == "已经有人这样更正过"
    assert len(chat.rows(Correction)) == 1


def test_strangers_and_people_whose_role_does_not_correct_are_refused(chat):
    refusal = chat.press(chat.stranger, chat.alert, "更多")
    assert refusal.startswith("您不在名单里")
    assert not [one for one in chat.server.messages(CHAT) if one.text and "🛠" in one.text]


def test_a_panel_that_scrolled_away_is_shown_again_below(chat):
    chat.press(chat.zhou, chat.alert, "更多")
    first = chat.panel
    chat.press(chat.zhou, first, "非本品牌")
    chat.press(chat.zhou, chat.alert, "更多")
    assert chat.panel.message_id == first.message_id
    assert next(iter(chat.panel.buttons)) == "误报"
    chat.clock.advance(STAYS_FOR * 2)
    chat.press(chat.zhou, chat.alert, "更多")
    assert chat.panel.message_id > first.message_id


def test_a_text_from_outside_is_only_text_in_the_panel(chat):
    hostile = "澜白<b>变砖</b>&amp;开不了机 {name} [点我](tg://user?id=1)"
    posts = [item(70 + n, hostile, NOW - timedelta(minutes=1)) for n in range(6)]
    store(chat.engine, chat.understanding, posts, NOW)
    score_all(chat.engine, NOW)
    chat.press(chat.zhou, chat.alert, "更多")
    chat.press(chat.zhou, chat.panel, "情感判错")
    assert "1. 澜白<b>变砖</b>&amp;开不了机" in chat.panel.text
    assert "×6" in chat.panel.text
    chat.press(chat.zhou, chat.panel, "1")
    assert chat.press(chat.zhou, chat.panel, "中性") == "已更正"
    assert "{name}" in chat.panel.text
    assert "（共 6 条）应为中性" in chat.panel.text
