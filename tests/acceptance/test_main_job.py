"""The main job through real processes: site, Scrapy, database, spike, chat, approval."""

import re

import pytest

from tests.conftest import ROOT
from tests.fakes.service import TOKEN, ServiceProcess
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person

pytestmark = pytest.mark.slow

CHAT = -1001234567890
LEAD_ID, OFFICER_ID = 100000001, 100000002


def chat_config(telegram_url: str, *, without: str = "") -> str:
    """The committed configuration, going to a chat, with one brand default taken away."""
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    text = text.replace("chat_id = 0 ", f'base_url = "{telegram_url}/bot"\nchat_id = {CHAT} ')
    text = text.replace("# telegram_id", "telegram_id").replace("port = 8710", "port = 0")
    if without:
        text = re.sub(rf"\[brands\.facts\.{without}\]\n(?:\w+ = .*\n)+", "", text)
    return text


@pytest.fixture
def telegram():
    with FakeTelegram(token=TOKEN, chats=[CHAT]) as server:
        yield server


def people(server: FakeTelegram) -> tuple[Person, Person]:
    return server.person(LEAD_ID, "林岚"), server.person(OFFICER_ID, "周宁")


def test_from_spike_to_approved_statement_in_the_chat(telegram, tmp_path):
    lead, officer = people(telegram)
    service = ServiceProcess(
        tmp_path, chat_config(telegram.url, without="action_taken"), home="demo"
    )
    service.start()
    try:
        alert = telegram.wait_for_message(lambda m: m.photo is not None, timeout_s=120)
        assert len(alert.caption.encode("utf-16-le")) // 2 <= 1024
        assert len(alert.caption.splitlines()) <= 12
        for part in ("洗地机", "往常", "首发", "盲区：商城问答", "待认领"):
            assert part in alert.caption
        assert list(alert.buttons) == ["认领", "静音", "起草", "更多"]

        question = telegram.wait_for_message("目前已经做了什么", timeout_s=30)
        press = officer.press(alert, "认领")
        assert press.wait_answered(timeout_s=15).text == "已认领"
        claimed = telegram.wait_for_edit(alert, "负责人：周宁", timeout_s=30)
        assert "认领" not in claimed.buttons

        officer.reply(question, "我们已暂停推送 2.3.1 版本，技术团队正在逐项排查")
        draft = telegram.wait_for_message("首次回应草稿", timeout_s=30, after=question)
        draft = draft if draft.buttons else telegram.wait_for_message("暂停推送", timeout_s=30)
        assert "我们已暂停推送 2.3.1 版本" in draft.text
        assert "影响范围" in draft.text

        refused = officer.press(draft, "通过").wait_answered(timeout_s=15)
        assert refused.text == "您的角色不能做这一步"
        accepted = lead.press(draft, "通过").wait_answered(timeout_s=15)
        assert accepted.text == "已通过"
        decided = telegram.wait_for_edit(draft, "林岚", timeout_s=30)
        assert not decided.buttons
        again = lead.press(draft, "通过").wait_answered(timeout_s=15)
        assert again.text == "这一版已有决定"

        rows = service.query(
            "SELECT d.verdict, d.person_key, d.via, d.content_hash = r.content_hash, r.author "
            "FROM decision d JOIN revision r ON r.id = d.revision_id"
        )
        assert rows == [("approve", "lin", "telegram", 1, "system")]
        assert service.query("SELECT count(*) FROM incident") == [(1,)]
        audit = service.query("SELECT actor, action, via FROM audit_entry ORDER BY id")
        assert ("lin", "approve", "telegram") in audit
        assert ("zhou", "claim", "telegram") in audit
        assert service.stop() == 0, service.tail()
    finally:
        service.kill()
    said = "\n".join(service.output) + (service.home / "fengsheng.log").read_text("utf-8")
    assert TOKEN not in said
    assert TOKEN.encode() not in (service.home / "fengsheng.db").read_bytes()
