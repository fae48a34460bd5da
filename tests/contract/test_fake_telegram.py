"""The Telegram server for tests keeps Telegram's rules: happy paths with the real client library,
refusals with raw requests, and our table of methods against the published specification."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import telegram
from telegram import (
    Bot,
    BotCommand,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from tests.fakes.telegram import FakeChat, FakeMessage, FakeTelegram, Pace
from tests.fakes.telegram_content import make_png
from tests.fakes.telegram_html import parse_html, to_html
from tests.fakes.telegram_methods import CHOICES, METHODS, OBJECTS, Parameter
from tests.fakes.telegram_types import ApiError
from tests.fakes.telegram_updates import UPDATE_KINDS

Found = TypeVar("Found")
Json = dict[str, Any]

TOKEN = "123:ABC"
GROUP = -1001
FORUM = -1002
SPEC = Path(__file__).parents[2].parent / "shared" / "specs" / "telegram-bot-api-10.1.json"
APPROVE = {"inline_keyboard": [[{"text": "通过", "callback_data": "approve:7"}]]}
MARKUP = InlineKeyboardMarkup([[InlineKeyboardButton("通过", callback_data="approve:7")]])
# Inline messages and rich messages are not used, so these are always needed here.
STRICTER = {"chat_id", "message_id", "text"}

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def server() -> Iterator[FakeTelegram]:
    forum = FakeChat(FORUM, is_forum=True, topics={17: "舆情"})
    with FakeTelegram(token=TOKEN, chats=[GROUP, forum]) as running:
        yield running


def send(
    server: FakeTelegram, path: str, body: bytes | None = None, content_type: str = ""
) -> tuple[int, bytes]:
    """Make one plain request; return status and body."""
    headers = {"Content-Type": content_type} if body is not None else {}
    request = urllib.request.Request(f"{server.url}{path}", data=body, headers=headers)
    try:
        with _opener.open(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def call(server: FakeTelegram, method: str, token: str = TOKEN, **params: object) -> Json:
    """Call a method with a JSON body; return the decoded answer."""
    status, body = send(
        server, f"/bot{token}/{method}", json.dumps(params).encode(), "application/json"
    )
    answer: Json = json.loads(body)
    assert answer["ok"] is (status == 200)
    assert answer.get("error_code", 200) == status
    return answer


def refusal(server: FakeTelegram, method: str, **params: object) -> str:
    """Return the description of the refusal that this call must get."""
    answer = call(server, method, **params)
    assert not answer["ok"], answer
    return str(answer["description"])


def sent(server: FakeTelegram, **params: object) -> FakeMessage:
    """Send a message to the group and return it as the server holds it."""
    params = {"chat_id": GROUP, "text": "新事件", "reply_markup": APPROVE} | params
    result = call(server, "sendMessage", **params)["result"]
    found = server.message(result["chat"]["id"], result["message_id"])
    assert found is not None
    return found


def with_bot(server: FakeTelegram, use: Callable[[Bot], Awaitable[Found]]) -> Found:
    """Run one coroutine with a started bot of the real client library."""

    async def run() -> Found:
        def local() -> HTTPXRequest:
            return HTTPXRequest(httpx_kwargs={"trust_env": False}, read_timeout=10)

        bot = Bot(
            TOKEN, base_url=f"{server.url}/bot", request=local(), get_updates_request=local()
        )
        async with bot:
            return await use(bot)

    return asyncio.run(run())


# The table of methods and the specification


@pytest.fixture(scope="module")
def spec() -> Json:
    if not SPEC.exists():
        pytest.skip(f"the Bot API specification is not beside the checkout ({SPEC})")
    found: Json = json.loads(SPEC.read_text(encoding="utf-8"))
    return found


def compare(owner: str, ours: tuple[Parameter, ...], theirs: list[Json]) -> None:
    published = {field["name"]: field for field in theirs}
    names = {parameter.name for parameter in ours}
    assert names <= published.keys(), f"{owner}: {names - published.keys()} are not published"
    needed = {name for name, field in published.items() if field["required"]}
    assert needed <= names, f"{owner}: {needed - names} are required but missing"
    for parameter in ours:
        field = published[parameter.name]
        assert set(parameter.types) <= set(field["types"]), f"{owner}.{parameter.name}"
        if parameter.is_required and not field["required"]:
            assert owner.startswith("editMessage"), f"{owner}.{parameter.name}"
            assert parameter.name in STRICTER, f"{owner}.{parameter.name}"
        assert parameter.is_required or not field["required"], f"{owner}.{parameter.name}"


@pytest.mark.shared
@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_and_parameter_is_published(spec: Json, method: str) -> None:
    compare(method, METHODS[method], spec["methods"][method].get("fields", []))


@pytest.mark.shared
@pytest.mark.parametrize("kind", sorted(OBJECTS))
def test_every_object_and_field_is_published(spec: Json, kind: str) -> None:
    compare(kind, OBJECTS[kind], spec["types"][kind].get("fields", []))


@pytest.mark.shared
def test_unions_and_update_kinds_are_the_published_ones(spec: Json) -> None:
    for union, members in CHOICES.items():
        assert set(members.values()) <= set(spec["types"][union]["subtypes"])
    fields = {field["name"] for field in spec["types"]["Update"]["fields"]}
    assert fields - {"update_id"} == UPDATE_KINDS


@pytest.mark.shared
def test_what_the_server_answers_has_only_published_fields(
    spec: Json, server: FakeTelegram
) -> None:
    person = server.person(1001, "林岚", username="linlan")
    message = sent(server, text="<b>新</b>", parse_mode="HTML", protect_content=True)
    person.reply(message, "/ack 收到")
    person.press(message, "通过")
    call(server, "pinChatMessage", chat_id=GROUP, message_id=message.message_id)
    answers = {
        "User": call(server, "getMe")["result"],
        "ChatFullInfo": call(server, "getChat", chat_id=GROUP)["result"],
    }
    reply, press = call(server, "getUpdates")["result"]
    answers |= {"Update": reply, "Message": reply["message"]}
    answers |= {"CallbackQuery": press["callback_query"]}
    for kind, answer in answers.items():
        published = {field["name"]: field for field in spec["types"][kind]["fields"]}
        assert answer.keys() <= published.keys(), kind
        needed = {name for name, field in published.items() if field["required"]}
        assert needed <= answer.keys(), kind


# Happy paths with the real client


def test_client_starts_sends_edits_pins_and_deletes(server: FakeTelegram) -> None:
    async def use(bot: Bot) -> Message:
        assert bot.username == "fengsheng_bot"
        message = await bot.send_message(
            GROUP,
            "<b>S2</b> 起火 &amp; 冒烟 <a href='https://example.com/a?b=1&amp;c=2'>首帖</a>",
            parse_mode="HTML",
            reply_markup=MARKUP,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            disable_notification=True,
            protect_content=True,
        )
        assert message.text == "S2 起火 & 冒烟 首帖"
        assert [entity.type for entity in message.entities] == ["bold", "text_link"]
        assert message.entities[1].url == "https://example.com/a?b=1&c=2"
        assert message.parse_entity(message.entities[1]) == "首帖"
        edited = await bot.edit_message_text(
            "已认领", chat_id=GROUP, message_id=message.message_id
        )
        assert isinstance(edited, Message)
        assert edited.reply_markup is None
        assert edited.edit_date is not None
        await bot.edit_message_reply_markup(GROUP, message.message_id, reply_markup=MARKUP)
        assert await bot.pin_chat_message(GROUP, message.message_id)
        chat = await bot.get_chat(GROUP)
        assert chat.pinned_message is not None
        assert chat.pinned_message.message_id == message.message_id
        assert await bot.delete_message(GROUP, message.message_id)
        return message

    message = with_bot(server, use)
    assert server.message(GROUP, message.message_id) is None
    history = server.history(server.wait_for_message("已认领"))
    assert [version.text for version in history] == ["S2 起火 & 冒烟 首帖", "已认领", "已认领"]
    assert [version.buttons for version in history] == [["通过"], [], ["通过"]]
    assert history[0].options["link_preview_options"] == {"is_disabled": True}


def test_photo_is_uploaded_reused_and_replaced(server: FakeTelegram) -> None:
    first, second = make_png(800, 400), make_png(640, 480)

    async def use(bot: Bot) -> None:
        message = await bot.send_photo(
            GROUP, first, caption="<i>走势</i>", parse_mode="HTML", show_caption_above_media=True
        )
        assert (message.photo[-1].width, message.photo[-1].height) == (800, 400)
        assert message.show_caption_above_media
        again = await bot.send_photo(GROUP, message.photo[-1].file_id)
        assert again.photo[-1].file_id == message.photo[-1].file_id
        media = InputMediaPhoto(second, caption="更新", parse_mode="HTML")
        replaced = await bot.edit_message_media(media, GROUP, message.message_id)
        assert isinstance(replaced, Message)
        assert replaced.photo[-1].width == 640
        captioned = await bot.edit_message_caption(GROUP, message.message_id, caption="完")
        assert isinstance(captioned, Message)
        assert captioned.caption == "完"
        with pytest.raises(BadRequest, match="is not modified"):
            await bot.edit_message_caption(GROUP, message.message_id, caption="完")

    with_bot(server, use)
    photos = [message.photo for message in server.messages()]
    assert [photo.data for photo in photos if photo] == [second, first]
    assert server.calls("sendPhoto")[0].files == {"photo": first}


def test_a_text_message_can_get_a_photo(server: FakeTelegram) -> None:
    message = sent(server)

    async def use(bot: Bot) -> None:
        media = InputMediaPhoto(make_png(10, 10), caption="有图")
        await bot.edit_message_media(media, GROUP, message.message_id)

    with_bot(server, use)
    edited = server.wait_for_edit(message, "有图")
    assert (edited.text, edited.caption, edited.photo is not None) == (None, "有图", True)


def test_several_people_press_and_each_is_answered(server: FakeTelegram) -> None:
    people = [server.person(1001, "林岚"), server.person(1002, "周越", username="zhouyue")]

    async def use(bot: Bot) -> None:
        message = await bot.send_message(GROUP, "待审", reply_markup=MARKUP)
        held = server.wait_for_message("待审")
        assert held.message_id == message.message_id
        presses = [person.press(held, "通过") for person in people]
        updates = await bot.get_updates(timeout=5)
        for update in updates:
            query = update.callback_query
            assert query is not None
            assert query.data == "approve:7"
            assert isinstance(query.message, Message)
            await query.answer(f"{query.from_user.first_name} 已通过", show_alert=True)
        answers = [press.wait_answered() for press in presses]
        assert [answer.text for answer in answers] == ["林岚 已通过", "周越 已通过"]
        assert all(answer.show_alert for answer in answers)

    with_bot(server, use)
    assert [press.is_answered for press in server.presses()] == [True, True]


def test_replies_commands_and_private_chats_reach_the_client(server: FakeTelegram) -> None:
    person = server.person(1001, "林岚")

    async def use(bot: Bot) -> None:
        with pytest.raises(Forbidden, match="can't initiate conversation"):
            await bot.send_message(1001, "值班提醒")
        person.start()
        await bot.send_message(1001, "值班提醒")
        asked = await bot.send_message(GROUP, "原因？", reply_markup=ForceReply())
        reply = person.reply(server.wait_for_message("原因？"), "批次已定位 /note")
        person.edit(reply, "批次 B12 已定位")
        started, replied, edited = await bot.get_updates(allowed_updates=["message"])
        assert started.message is not None
        assert started.message.entities[0].type == "bot_command"
        assert started.message.chat.type == "private"
        assert replied.message is not None
        assert replied.message.reply_to_message is not None
        assert replied.message.reply_to_message.message_id == asked.message_id
        assert edited.edited_message is not None
        assert edited.edited_message.text == "批次 B12 已定位"

    with_bot(server, use)


def test_topics_are_known_and_replies_stay_in_them(server: FakeTelegram) -> None:
    person = server.person(1001)

    async def use(bot: Bot) -> None:
        message = await bot.send_message(FORUM, "话题", message_thread_id=17)
        assert message.is_topic_message
        answer = await bot.send_message(
            FORUM, "同一话题", reply_parameters=ReplyParameters(message.message_id)
        )
        assert answer.message_thread_id == 17
        person.reply(server.wait_for_message("话题"), "好")
        (update,) = await bot.get_updates()
        assert update.message is not None
        assert update.message.message_thread_id == 17
        with pytest.raises(BadRequest, match=r"(?i)message thread not found"):
            await bot.send_message(FORUM, "别处", message_thread_id=18)

    with_bot(server, use)


def test_commands_are_set_by_scope(server: FakeTelegram) -> None:
    async def use(bot: Bot) -> None:
        assert await bot.set_my_commands([BotCommand("ack", "认领")])
        scope = telegram.BotCommandScopeChat(GROUP)
        assert await bot.set_my_commands([BotCommand("mute", "静音")], scope=scope)
        assert await bot.delete_webhook(drop_pending_updates=True)
        with pytest.raises(BadRequest, match=r"(?i)BOT_COMMAND_INVALID"):
            await bot.set_my_commands([BotCommand("Ack", "认领")])

    with_bot(server, use)
    assert [command["command"] for command in server.commands()] == ["ack", "mute"]


def test_state_outlives_the_client(server: FakeTelegram) -> None:
    person = server.person(1001)
    held: list[int] = []

    async def before(bot: Bot) -> None:
        held.append((await bot.send_message(GROUP, "重启前", reply_markup=MARKUP)).message_id)
        person.press(server.wait_for_message("重启前"), "通过")
        assert len(await bot.get_updates()) == 1  # Fetched, never confirmed.

    async def after(bot: Bot) -> None:
        (update,) = await bot.get_updates()
        assert update.callback_query is not None
        await update.callback_query.answer()
        await bot.edit_message_text("重启后", chat_id=GROUP, message_id=held[0])
        assert await bot.get_updates(offset=update.update_id + 1) == ()

    with_bot(server, before)
    with_bot(server, after)
    assert server.wait_for_edit(held[0], "重启后").revision == 1
    assert server.pending_updates() == []


# Encodings and addresses


def test_form_query_and_json_parameters_mean_the_same(server: FakeTelegram) -> None:
    fields = {"chat_id": str(GROUP), "text": "甲", "reply_markup": json.dumps(APPROVE)}
    encoded = urllib.parse.urlencode(fields)
    path = f"/bot{TOKEN}/sendMessage"
    assert send(server, f"{path}?{encoded}")[0] == 200
    assert send(server, path, encoded.encode(), "application/x-www-form-urlencoded")[0] == 200
    sent(server, text="甲")
    assert [(each.text, each.buttons) for each in server.messages()] == [("甲", ["通过"])] * 3


def test_binary_parts_of_a_multipart_form_arrive_unchanged(server: FakeTelegram) -> None:
    picture = make_png(3, 3)
    assert b"\r\n" in picture
    body = (
        (
            f'--x\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n{GROUP}\r\n'
            '--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + picture
        + b"\r\n--x--\r\n"
    )
    status, _ = send(server, f"/bot{TOKEN}/sendPhoto", body, "multipart/form-data; boundary=x")
    assert status == 200
    assert server.calls("sendPhoto")[0].files["photo"] == picture


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"[1]"),
        ("application/json", b"{"),
        ("application/x-www-form-urlencoded", b"chat_id=1&chat_id=2"),
        ("application/x-www-form-urlencoded", b"text=%ff"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n--y--"),
        ("text/plain", b"chat_id=1"),
    ],
)
def test_malformed_bodies_are_refused(
    server: FakeTelegram, content_type: str, body: bytes
) -> None:
    assert send(server, f"/bot{TOKEN}/getMe", body, content_type)[0] == 400


def test_wrong_token_is_unauthorized(server: FakeTelegram) -> None:
    answer = call(server, "getMe", token="123:ABD")
    assert answer == {"ok": False, "error_code": 401, "description": "Unauthorized"}


@pytest.mark.parametrize("method", ["sendMesage", "sendVideo"])
def test_unknown_method_is_not_found(server: FakeTelegram, method: str) -> None:
    assert refusal(server, method) == "Not Found: method not found"


@pytest.mark.parametrize("path", ["/", "/chat", "/photo?id=x", "/bot", "/botx", "/favicon.ico"])
def test_other_addresses_are_not_found(server: FakeTelegram, path: str) -> None:
    assert send(server, path)[0] == 404


# Parameters


@pytest.mark.parametrize(
    ("method", "params", "description"),
    [
        ("sendMessage", {"text": "甲"}, "Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": GROUP}, "Bad Request: message text is empty"),
        ("sendPhoto", {"chat_id": GROUP}, "Bad Request: there is no photo in the request"),
        (
            "editMessageText",
            {"chat_id": GROUP, "text": "甲"},
            "Bad Request: message identifier is not specified",
        ),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": "甲", "parse_modus": "HTML"},
            'Bad Request: unexpected parameter "parse_modus" in sendMessage',
        ),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": 7},
            'Bad Request: parameter "text" must be of type String',
        ),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": "甲", "disable_notification": 1},
            'Bad Request: parameter "disable_notification" must be of type Boolean',
        ),
        (
            "deleteMessage",
            {"chat_id": GROUP, "message_id": True},
            'Bad Request: parameter "message_id" must be of type Integer',
        ),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": "甲", "reply_parameters": "{"},
            "Bad Request: can't parse reply_parameters JSON object",
        ),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": "甲", "reply_parameters": {"message_id": 1, "quoted": ""}},
            'Bad Request: unexpected field "quoted" in ReplyParameters',
        ),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": "甲", "link_preview_options": {"is_disabled": "yes"}},
            "Bad Request: can't parse LinkPreviewOptions: "
            'parameter "is_disabled" must be of type Boolean',
        ),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": "甲", "parse_mode": "MarkdownV2"},
            "Bad Request: unsupported parse_mode",
        ),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": "甲", "parse_mode": "HTML", "entities": []},
            "Bad Request: entities are ignored when parse_mode is given; send one of them",
        ),
        (
            "sendMessage",
            {
                "chat_id": GROUP,
                "text": "甲",
                "entities": [{"type": "bold", "offset": 0, "length": 2}],
            },
            "Bad Request: can't parse entities: entity 0–2 is outside the text",
        ),
        ("setMyCommands", {}, 'Bad Request: parameter "commands" is required'),
        (
            "setMyCommands",
            {"commands": [], "scope": {"type": "nobody"}},
            "Bad Request: can't parse BotCommandScope: unsupported type specified",
        ),
        ("getUpdates", {"limit": 101}, "Bad Request: limit must be between 1 and 100"),
        ("getUpdates", {"timeout": 51}, "Bad Request: timeout must be between 0 and 50"),
        (
            "getUpdates",
            {"allowed_updates": ["mesage"]},
            "Bad Request: unknown update types ['mesage'] in allowed_updates",
        ),
    ],
)
def test_missing_mistyped_and_unknown_parameters_are_refused(
    server: FakeTelegram, method: str, params: Json, description: str
) -> None:
    assert refusal(server, method, **params) == description
    assert server.messages() == []


# Text


@pytest.mark.parametrize("text", [" \n ", "<b></b>", "<i> </i>", "&#8203;", "\u00ad\u200b"])
def test_text_that_is_empty_after_parsing_is_refused(server: FakeTelegram, text: str) -> None:
    description = refusal(server, "sendMessage", chat_id=GROUP, text=text, parse_mode="HTML")
    assert description == "Bad Request: message text is empty"


def test_text_length_counts_utf16_units_after_parsing(server: FakeTelegram) -> None:
    fits = "<b>" + "🔥" * 2048 + "</b>"
    sent(server, text=fits, parse_mode="HTML")
    description = refusal(server, "sendMessage", chat_id=GROUP, text=fits + "a", parse_mode="HTML")
    assert description == "Bad Request: message is too long"


def test_caption_length_counts_utf16_units_after_parsing(server: FakeTelegram) -> None:
    message = with_bot(server, lambda bot: bot.send_photo(GROUP, make_png(9, 9), caption="图"))
    place = {"chat_id": GROUP, "message_id": message.message_id}
    assert call(server, "editMessageCaption", **place, caption="🔥" * 512)["ok"]
    description = refusal(server, "editMessageCaption", **place, caption="🔥" * 512 + "a")
    assert description == "Bad Request: message caption is too long"


def test_outer_white_space_is_cut_and_entities_follow() -> None:
    with FakeTelegram(token=TOKEN, chats=[GROUP]) as server:
        message = sent(server, text="\n  甲 <b>乙  </b>\n", parse_mode="HTML")
    assert message.text == "甲 乙"
    assert message.entities == ({"type": "bold", "offset": 2, "length": 1},)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("涨 <h1>x</h1>", 'Unsupported start tag "h1" at byte offset 4'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("3 <5", "Unclosed start tag at byte offset 2"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        (
            "<b><i>x</b></i>",
            'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
        ),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("甲&nbsp;乙", 'Unsupported entity "&nbsp;" at byte offset 3'),
        ("A&B", 'Unsupported entity "&B" at byte offset 1'),
        ("A & B", 'Unsupported entity "&" at byte offset 2'),
        ("&lt", 'Unsupported entity "&lt" at byte offset 0'),
        ("&#0;", 'Unsupported entity "&#0;" at byte offset 0'),
        ("&#xD800;", 'Unsupported entity "&#xD800;" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<b id="x">y</b>', 'Unexpected attributes \'id="x"\' in the tag "b" at byte offset 0'),
        ("<code><b>x</b></code>", 'Tag "b" inside code is dropped at byte offset 6'),
        (
            "<blockquote>a<blockquote>b</blockquote></blockquote>",
            "Block quotes can't be nested at byte offset 13",
        ),
        (
            "<tg-emoji>🔥</tg-emoji>",
            "Invalid custom emoji identifier specified at byte offset 0",
        ),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("<!-- x -->", 'Unsupported start tag "!--" at byte offset 0'),
    ],
)
def test_html_mistakes_are_named_with_their_byte_offset(source: str, complaint: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_html(source)
    assert refused.value.description == f"Bad Request: can't parse entities: {complaint}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<strong>a</strong><em>b</em>", "ab", [("bold", 0, 1), ("italic", 1, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [("underline", 0, 1), ("underline", 1, 1)]),
        (
            "<s>a</s><strike>b</strike><del>c</del>",
            "abc",
            [("strikethrough", 0, 1), ("strikethrough", 1, 1), ("strikethrough", 2, 1)],
        ),
        ("🔥<B>热</B>", "🔥热", [("bold", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("&lt;b&gt; &amp;amp; &quot;&#8212;&#x1F525;", '<b> &amp; "—🔥', []),
        ("<code>x</code>", "x", [("code", 0, 1)]),
        ('<pre><code class="language-sql">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ('<tg-emoji emoji-id="53">a</tg-emoji>', "a", [("custom_emoji", 0, 1)]),
        ('<a href="https://a.cn/?x=>1">a</a>', "a", [("text_link", 0, 1)]),
        ('<a href="javascript:alert(1)">a</a>', "a", []),
        ('<a href="/relative">a</a>', "a", []),
        ('<a href="http://localhost:8080/">a</a>', "a", []),
        ("<b></b>a", "a", []),
        ("a\u202eb\rc\u2028d", "abcd", []),
    ],
)
def test_html_gives_the_entities_telegram_gives(
    source: str, text: str, entities: list[tuple[str, int, int]]
) -> None:
    parsed, found = parse_html(source)
    assert parsed == text
    assert [(each["type"], each["offset"], each["length"]) for each in found] == entities


def test_mention_needs_a_known_person(server: FakeTelegram) -> None:
    server.person(1001, "林岚")
    text = '<a href="tg://user?id=1001">林岚</a> <a href="tg://user?id=9">谁</a>'
    message = sent(server, text=text, parse_mode="HTML")
    assert [(each["type"], each["user"]["id"]) for each in message.entities] == [
        ("text_mention", 1001)
    ]


# Keyboards


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "甲", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "甲", "callback_data": "通" * 22}, "BUTTON_DATA_INVALID"),
        ({"text": "甲", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": " ", "callback_data": "x"}, "inline keyboard button text must be non-empty"),
        (
            {"text": "甲"},
            "can't parse inline keyboard button: "
            "text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "甲", "callback_data": "x", "url": "https://a.cn"},
            "can't parse inline keyboard button: both url and callback_data",
        ),
        (
            {"text": "甲", "url": "ftp://a.cn"},
            "inline keyboard button URL 'ftp://a.cn' is invalid: Unsupported URL protocol",
        ),
        (
            {"text": "甲", "url": "http://localhost:8080/"},
            "inline keyboard button URL 'http://localhost:8080/' is invalid: Wrong HTTP URL",
        ),
        ({"callback_data": "x"}, 'can\'t parse InlineKeyboardButton: field "text" must be given'),
        (
            {"text": "甲", "callback": "x"},
            'unexpected field "callback" in InlineKeyboardButton',
        ),
    ],
)
def test_bad_buttons_are_refused(server: FakeTelegram, button: Json, reason: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    description = refusal(server, "sendMessage", chat_id=GROUP, text="甲", reply_markup=markup)
    assert description == f"Bad Request: {reason}"


def test_callback_data_may_have_64_bytes_and_a_keyboard_100_buttons(
    server: FakeTelegram,
) -> None:
    row = [{"text": "甲", "callback_data": "通" * 21 + "x"}] * 10
    message = sent(server, reply_markup={"inline_keyboard": [row] * 10})
    assert len(message.buttons) == 100
    description = refusal(
        server,
        "sendMessage",
        chat_id=GROUP,
        text="甲",
        reply_markup={"inline_keyboard": [*[row] * 10, row[:1]]},
    )
    assert description == "Bad Request: reply markup is too long"


def test_only_an_inline_keyboard_can_be_put_on_by_an_edit(server: FakeTelegram) -> None:
    message = sent(server)
    description = refusal(
        server,
        "editMessageReplyMarkup",
        chat_id=GROUP,
        message_id=message.message_id,
        reply_markup={"force_reply": True},
    )
    assert description == "Bad Request: inline keyboard expected"


# Photos


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GIF89a" + bytes(100), "IMAGE_PROCESS_FAILED"),
        (make_png(50, 50)[:-20], "IMAGE_PROCESS_FAILED"),
        (make_png(50, 50)[:40] + b"?" + make_png(50, 50)[41:], "IMAGE_PROCESS_FAILED"),
        (b"\xff\xd8\xff\xe0", "IMAGE_PROCESS_FAILED"),
        (make_png(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        (make_png(21 * 40 + 1, 40), "PHOTO_INVALID_DIMENSIONS"),
        (
            bytes(10 * 1024 * 1024 + 1),
            "file of size 10485761 bytes is too big for a photo; "
            "the maximum size is 10485760 bytes",
        ),
        (b"", "file must be non-empty"),
    ],
)
def test_unusable_pictures_are_refused(server: FakeTelegram, data: bytes, reason: str) -> None:
    body = (
        (
            f'--x\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n{GROUP}\r\n--x\r\n'
            'Content-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        ).encode()
        + data
        + b"\r\n--x--\r\n"
    )
    status, answer = send(
        server, f"/bot{TOKEN}/sendPhoto", body, "multipart/form-data; boundary=x"
    )
    assert (status, json.loads(answer)["description"]) == (400, f"Bad Request: {reason}")


def test_jpeg_is_accepted_with_its_size(server: FakeTelegram) -> None:
    frame = b"\xff\xc0\x00\x0b\x08" + (300).to_bytes(2, "big") + (600).to_bytes(2, "big")
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab" + frame + b"\x01\x01\x11\x00\xff\xd9"
    message = with_bot(server, lambda bot: bot.send_photo(GROUP, jpeg))
    assert (message.photo[-1].width, message.photo[-1].height) == (600, 300)


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        ("AgACunknown", "wrong file identifier/HTTP URL specified"),
        ("https://example.com/a.png", "failed to get HTTP URL content"),
        ("attach://nothing", "there is no photo in the request"),
    ],
)
def test_photo_must_be_known_or_attached(server: FakeTelegram, photo: str, reason: str) -> None:
    description = refusal(server, "sendPhoto", chat_id=GROUP, photo=photo)
    assert description == f"Bad Request: {reason}"


def test_file_that_no_parameter_names_is_refused(server: FakeTelegram) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="chart"; filename="a"\r\n\r\n1\r\n--x--'
    status, answer = send(server, f"/bot{TOKEN}/getMe", body, "multipart/form-data; boundary=x")
    assert status == 400
    assert b"unexpected file" in answer


# Chats


def test_unknown_chat_is_not_found(server: FakeTelegram) -> None:
    for chat_id in (-42, 42, "@nobody"):
        description = refusal(server, "sendMessage", chat_id=chat_id, text="甲")
        assert description == "Bad Request: chat not found"


def test_chat_is_found_by_its_name(server: FakeTelegram) -> None:
    server.chat(GROUP).username = "fengsheng_duty"
    assert call(server, "getChat", chat_id="@fengsheng_duty")["result"]["id"] == GROUP


def test_kicked_bot_is_forbidden_until_readmitted(server: FakeTelegram) -> None:
    server.add_chat(FakeChat(-7, "group"))
    server.add_chat(1001)
    wordings = {
        -7: "Forbidden: bot was kicked from the group chat",
        GROUP: "Forbidden: bot was kicked from the supergroup chat",
        1001: "Forbidden: bot was blocked by the user",
    }
    for chat_id, wording in wordings.items():
        server.kick(chat_id)
        answer = call(server, "sendMessage", chat_id=chat_id, text="甲")
        assert (answer["error_code"], answer["description"]) == (403, wording)
        server.readmit(chat_id)
        assert call(server, "sendMessage", chat_id=chat_id, text="甲")["ok"]


def test_migrated_group_answers_with_its_new_id(server: FakeTelegram) -> None:
    server.add_chat(FakeChat(-7, "group"))
    server.migrate(-7, -1007)

    async def use(bot: Bot) -> None:
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(-7, "甲")
        assert moved.value.new_chat_id == -1007
        await bot.send_message(moved.value.new_chat_id, "甲")
        away, back = await bot.get_updates()
        assert away.message is not None
        assert away.message.migrate_to_chat_id == -1007
        assert back.message is not None
        assert back.message.migrate_from_chat_id == -7

    with_bot(server, use)
    server.undo_migration(-7)
    assert call(server, "sendMessage", chat_id=-7, text="甲")["ok"]


def test_bot_without_rights_sees_only_commands_and_replies_and_cannot_pin(
    server: FakeTelegram,
) -> None:
    server.chat(GROUP).bot_is_admin = False
    message, person = sent(server), server.person(1001)
    person.say(GROUP, "闲聊")
    person.say(GROUP, "/ack@other_bot")
    person.say(GROUP, "/ack")
    person.say(GROUP, "/ack@fengsheng_bot 3")
    person.reply(message, "好的")
    texts = [update["message"]["text"] for update in call(server, "getUpdates")["result"]]
    assert texts == ["/ack", "/ack@fengsheng_bot 3", "好的"]
    description = refusal(server, "pinChatMessage", chat_id=GROUP, message_id=message.message_id)
    assert description == ("Bad Request: not enough rights to manage pinned messages in the chat")


# Replies, edits, deletions


def test_reply_to_an_unknown_message_needs_permission(server: FakeTelegram) -> None:
    reply = {"message_id": 99}
    params: Json = {"chat_id": GROUP, "text": "甲", "reply_parameters": reply}
    description = refusal(server, "sendMessage", **params)
    assert description == "Bad Request: message to be replied not found"
    reply["allow_sending_without_reply"] = True
    assert "reply_to_message" not in call(server, "sendMessage", **params)["result"]


def test_edit_of_an_unknown_or_deleted_message_is_refused(server: FakeTelegram) -> None:
    place = {"chat_id": GROUP, "message_id": sent(server).message_id}
    assert call(server, "deleteMessage", **place)["ok"]
    assert (
        refusal(server, "editMessageText", **place, text="乙")
        == "Bad Request: message to edit not found"
    )
    assert refusal(server, "deleteMessage", **place) == "Bad Request: message to delete not found"
    assert refusal(server, "pinChatMessage", **place) == "Bad Request: message to pin not found"


def test_edit_that_changes_nothing_is_refused(server: FakeTelegram) -> None:
    place = {"chat_id": GROUP, "message_id": sent(server).message_id}
    same = {"text": " 新事件 ", "reply_markup": APPROVE}
    assert refusal(server, "editMessageText", **place, **same).startswith(
        "Bad Request: message is not modified: specified new message content and reply markup"
    )
    assert call(server, "editMessageText", **place, text="新事件")["ok"], "the keyboard went"
    assert "is not modified" in refusal(server, "editMessageReplyMarkup", **place)
    assert call(server, "editMessageText", **place, text="<b>新事件</b>", parse_mode="HTML")[
        "ok"
    ], "an entity came"


def test_text_and_caption_edits_need_a_message_of_their_kind(server: FakeTelegram) -> None:
    text = sent(server)
    photo = with_bot(server, lambda bot: bot.send_photo(GROUP, make_png(9, 9)))
    assert (
        refusal(server, "editMessageText", chat_id=GROUP, message_id=photo.message_id, text="乙")
        == "Bad Request: there is no text in the message to edit"
    )
    assert (
        refusal(
            server,
            "editMessageCaption",
            chat_id=GROUP,
            message_id=text.message_id,
            caption="乙",
        )
        == "Bad Request: there is no caption in the message to edit"
    )


def test_messages_of_others_and_with_other_markup_cannot_be_edited(
    server: FakeTelegram,
) -> None:
    foreign = server.person(1001).say(GROUP, "我写的")
    asking = sent(server, reply_markup={"force_reply": True})
    for message in (foreign, asking):
        description = refusal(
            server, "editMessageText", chat_id=GROUP, message_id=message.message_id, text="乙"
        )
        assert description == "Bad Request: message can't be edited"


# Pressed buttons


def answer_of(server: FakeTelegram, query_id: str, text: str = "") -> Json:
    return call(server, "answerCallbackQuery", callback_query_id=query_id, text=text)


def test_query_can_be_answered_once_and_not_too_late(server: FakeTelegram) -> None:
    person, message = server.person(1001), sent(server)
    press, late = person.press(message, "通过"), person.press(message, "通过")
    late.expire()
    assert answer_of(server, press.id, "好")["ok"]
    for query_id in (press.id, late.id, "77"):
        assert answer_of(server, query_id)["description"] == (
            "Bad Request: query is too old and response timeout expired or query ID is invalid"
        )
    assert press.wait_answered().text == "好"
    with pytest.raises(AssertionError, match="approve:7"):
        late.wait_answered(timeout_s=0)


def test_answer_longer_than_200_is_refused(server: FakeTelegram) -> None:
    press = server.person(1001).press(sent(server), "通过")
    assert answer_of(server, press.id, "长" * 201)["description"] == (
        "Bad Request: MESSAGE_TOO_LONG"
    )
    assert answer_of(server, press.id, "长" * 200)["ok"]


def test_outdated_copy_can_still_be_pressed(server: FakeTelegram) -> None:
    person, old = server.person(1001), sent(server)
    place = {"chat_id": GROUP, "message_id": old.message_id}
    call(server, "editMessageText", **place, text="已结束")
    new = server.wait_for_edit(old, "已结束")
    with pytest.raises(AssertionError, match="0 buttons"):
        person.press(new, "通过")
    person.press(old, "通过")
    call(server, "deleteMessage", **place)
    person.press_raw(old, "approve:8;drop")
    queries = [each["callback_query"] for each in call(server, "getUpdates")["result"]]
    assert [query["data"] for query in queries] == ["approve:7", "approve:8;drop"]
    assert queries[0]["message"]["text"] == "已结束"
    assert queries[1]["message"]["date"] == 0, "a deleted message is inaccessible"


# Updates


def test_updates_come_again_until_confirmed_and_ids_grow(server: FakeTelegram) -> None:
    person = server.person(1001)
    for text in ("一", "二", "三"):
        person.say(GROUP, text)

    def texts(**params: object) -> list[str]:
        updates = call(server, "getUpdates", **params)["result"]
        return [update["message"]["text"] for update in updates]

    ids = [update["update_id"] for update in server.updates()]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]
    assert texts() == texts(offset=ids[0]) == ["一", "二", "三"]
    assert texts(limit=1) == ["一"]
    assert texts(offset=ids[1]) == ["二", "三"]
    assert texts(offset=0) == ["二", "三"], "the first is forgotten"
    assert texts(offset=-1) == ["三"]
    assert texts() == ["三"], "a negative offset forgets the rest"
    server.deliver_again(ids[0])
    assert texts(offset=ids[2] + 1) == ["一"], "a confirmed update can come twice"
    assert texts() == []


def test_allowed_updates_are_remembered_and_hold_for_later_updates(
    server: FakeTelegram,
) -> None:
    person, message = server.person(1001), sent(server)
    person.say(GROUP, "之前")
    call(server, "getUpdates", allowed_updates=["callback_query"])
    person.say(GROUP, "之后")
    person.press(message, "通过")
    kinds = [set(update) - {"update_id"} for update in call(server, "getUpdates")["result"]]
    assert kinds == [{"message"}, {"callback_query"}]
    call(server, "getUpdates", allowed_updates=[])
    person.say(GROUP, "又来")
    assert len(call(server, "getUpdates")["result"]) == 3


def test_long_poll_returns_as_soon_as_an_update_arrives(server: FakeTelegram) -> None:
    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(call, server, "getUpdates", timeout=50)
        server.wait_for_poll()
        begun = time.monotonic()
        server.person(1001).say(GROUP, "来了")
        (update,) = polling.result(5)["result"]
        assert update["message"]["text"] == "来了"
        assert time.monotonic() - begun < 1


def test_long_poll_ends_after_its_timeout(server: FakeTelegram) -> None:
    begun = time.monotonic()
    assert call(server, "getUpdates", timeout=1)["result"] == []
    assert 0.9 < time.monotonic() - begun < 3


def test_older_of_two_polls_gets_a_conflict(server: FakeTelegram) -> None:
    with ThreadPoolExecutor(2) as pool:
        older = pool.submit(call, server, "getUpdates", timeout=50)
        server.wait_for_poll()
        newer = pool.submit(call, server, "getUpdates", timeout=50)
        answer = older.result(5)
        assert (answer["error_code"], answer["description"]) == (
            409,
            "Conflict: terminated by other getUpdates request; "
            "make sure that only one bot instance is running",
        )
        server.person(1001).say(GROUP, "来了")
        assert len(newer.result(5)["result"]) == 1


def test_poll_of_a_vanished_client_is_no_conflict(server: FakeTelegram) -> None:
    async def give_up(bot: Bot) -> None:
        polling = asyncio.create_task(bot.get_updates(timeout=50))
        await asyncio.to_thread(server.wait_for_poll)
        polling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await polling

    with_bot(server, give_up)
    server.person(1001).say(GROUP, "还在")
    assert len(call(server, "getUpdates")["result"]) == 1
    polls = [server.wait_for_call("getUpdates", lambda each: each.status == 499)]
    assert polls[0].description == "the client had gone"


def test_stopping_ends_long_polls_slow_answers_and_threads() -> None:
    before = threading.active_count()
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool, FakeTelegram(token=TOKEN, chats=[GROUP]) as server:
        server.misbehave("getMe", "slow", seconds=50)
        futures = [
            pool.submit(send, server, f"/bot{TOKEN}/getUpdates?timeout=50"),
            pool.submit(send, server, f"/bot{TOKEN}/getMe"),
        ]
        server.wait_for_poll()
    for future in futures:
        assert future.exception(5) is None or isinstance(future.exception(), OSError)
    assert time.monotonic() - begun < 5
    assert threading.active_count() == before


def test_defect_of_the_server_itself_fails_the_test() -> None:
    server = FakeTelegram(token=TOKEN, chats=[GROUP], clock=lambda: 1 // 0).start()
    description = refusal(server, "sendMessage", chat_id=GROUP, text="甲")
    assert description.startswith("Internal Server Error: ZeroDivisionError")
    with pytest.raises(AssertionError, match="the Telegram server failed"):
        server.stop()


def test_server_that_was_never_started_can_be_stopped() -> None:
    FakeTelegram().stop()


@pytest.mark.parametrize(
    ("header", "status"),
    [("Transfer-Encoding: chunked", 411), ("Content-Length: 52428801", 413)],
)
def test_bodies_of_unknown_or_huge_length_are_refused(
    server: FakeTelegram, header: str, status: int
) -> None:
    address = urllib.parse.urlsplit(server.url)
    request = f"POST /bot{TOKEN}/getMe HTTP/1.1\r\nHost: local\r\n{header}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(request.encode())
        assert connection.makefile("rb").readline().split()[1] == str(status).encode()


def test_request_cut_off_in_its_middle_does_nothing(server: FakeTelegram) -> None:
    address = urllib.parse.urlsplit(server.url)
    body = json.dumps({"chat_id": GROUP, "text": "甲"})
    request = (
        f"POST /bot{TOKEN}/sendMessage HTTP/1.1\r\nHost: local\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n{body}"
    )
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert server.calls() == []


# Waiting


def test_waits_fail_with_what_was_seen(server: FakeTelegram) -> None:
    message = sent(server, text="看得见")
    for wait in (
        lambda: server.wait_for_message("别的", timeout_s=0),
        lambda: server.wait_for_message(after=message, timeout_s=0),
        lambda: server.wait_for_edit(message, timeout_s=0),
        lambda: server.wait_for_call("sendPhoto", timeout_s=0),
        lambda: server.wait_until(lambda: False, timeout_s=0),
    ):
        with pytest.raises(AssertionError, match=r"看得见.*通过[\s\S]*sendMessage\(.*-> 200 OK"):
            wait()


def test_waits_see_what_comes_during_the_wait_and_versions_already_gone(
    server: FakeTelegram,
) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.wait_for_message, lambda each: each.text == "一")
        first = sent(server, text="一")
        assert waiting.result(5) == first
    place = {"chat_id": GROUP, "message_id": first.message_id}
    call(server, "editMessageText", **place, text="二")
    call(server, "editMessageText", **place, text="三")
    assert server.wait_for_edit(first, "二").revision == 1
    assert server.wait_for_message("一").revision == 0
    second = sent(server, text="一一")
    assert server.wait_for_message("一", after=first) == second


# Misbehaviour


def test_rate_limit_holds_for_its_seconds_and_counts_early_calls(
    server: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without this the client library warns of a coming change whenever it makes a RetryAfter.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    limit = server.misbehave("sendMessage", "rate_limit", retry_after_s=30)

    async def use(bot: Bot) -> None:
        with pytest.raises(RetryAfter) as asked:
            await bot.send_message(GROUP, "一")
        assert asked.value.retry_after == timedelta(seconds=30)
        with pytest.raises(RetryAfter):
            await bot.send_message(GROUP, "二")

    with_bot(server, use)
    assert (limit.hits, limit.early_calls, server.early_calls) == (1, 1, 1)
    status, _ = send(server, f"/bot{TOKEN}/getMe")
    assert status == 200, "other methods go on"
    limit.end()
    assert call(server, "sendMessage", chat_id=GROUP, text="三")["ok"]
    assert [each.text for each in server.messages()] == ["三"]


def test_rate_limit_answer_has_the_header_too(server: FakeTelegram) -> None:
    server.misbehave("getMe", "rate_limit", retry_after_s=3)
    with pytest.raises(urllib.error.HTTPError) as refused:
        _opener.open(f"{server.url}/bot{TOKEN}/getMe", timeout=5)
    with refused.value as error:
        assert error.headers["Retry-After"] == "3"
        assert json.loads(error.read()) == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 3",
            "parameters": {"retry_after": 3},
        }


@pytest.mark.parametrize(
    ("how", "is_processed"),
    [
        ("bad_gateway", False),
        ("server_error", False),
        ("cut_before", False),
        ("cut_after", True),
        ("garbage", False),
    ],
)
def test_failed_calls_are_network_errors_and_happen_as_often_as_ordered(
    server: FakeTelegram, how: str, is_processed: bool
) -> None:
    trouble = server.misbehave("sendMessage", how, times=2)

    async def use(bot: Bot) -> None:
        expected = telegram.error.TelegramError if how == "garbage" else NetworkError
        for text in ("一", "二"):
            with pytest.raises(expected):
                await bot.send_message(GROUP, text)
        await bot.send_message(GROUP, "三")

    with_bot(server, use)
    texts = [each.text for each in server.messages()]
    assert texts == (["一", "二", "三"] if is_processed else ["三"])
    assert trouble.hits == 2
    assert [each.trouble for each in server.calls("sendMessage")] == [how, how, None]


def test_failure_can_be_ordered_after_processing_and_for_some_calls_only(
    server: FakeTelegram,
) -> None:
    server.misbehave(
        "*", "bad_gateway", times=None, is_processed=True, when=lambda each: "text" in each
    )
    status, body = send(
        server, f"/bot{TOKEN}/sendMessage?chat_id={GROUP}&text={urllib.parse.quote('一')}"
    )
    assert (status, body[:6]) == (502, b"<html>")
    assert [each.text for each in server.messages()] == ["一"]
    assert call(server, "getMe")["ok"]


def test_slow_answer_comes_too_late_for_a_message_that_was_sent(server: FakeTelegram) -> None:
    server.misbehave("sendMessage", "slow", seconds=50)

    async def use(bot: Bot) -> None:
        with pytest.raises(TimedOut):
            await bot.send_message(GROUP, "慢", read_timeout=0.2)

    with_bot(server, use)
    assert server.wait_for_message("慢")


def test_pace_allows_one_message_a_second_in_a_chat(server: FakeTelegram) -> None:
    server.set_pace(Pace())
    message = sent(server)
    assert call(server, "sendMessage", chat_id=FORUM, text="别的群")["ok"]
    answer = call(server, "sendMessage", chat_id=GROUP, text="太快")
    assert answer["parameters"] == {"retry_after": 1}
    assert "retry after 1" in refusal(server, "sendMessage", chat_id=GROUP, text="仍太快")
    assert server.early_calls == 1
    place = {"chat_id": GROUP, "message_id": message.message_id}
    assert call(server, "editMessageText", **place, text="编辑不受限")["ok"]


def test_pace_allows_twenty_messages_a_minute_in_a_group(server: FakeTelegram) -> None:
    server.add_chat(1001)
    server.set_pace(Pace(chat_interval_s=0))
    for chat_id in (GROUP, 1001):
        answers = [call(server, "sendMessage", chat_id=chat_id, text="甲") for _ in range(21)]
        assert [answer["ok"] for answer in answers] == [True] * 20 + [chat_id > 0]
    assert (
        55
        <= call(server, "sendMessage", chat_id=GROUP, text="甲")["parameters"]["retry_after"]
        <= 60
    )


def test_calls_are_logged_with_parameters_status_and_time(server: FakeTelegram) -> None:
    sent(server)
    refusal(server, "sendMessage", chat_id=-42, text="甲")
    call(server, "getMe", token="1:X")
    good, bad = server.calls("sendMessage")
    assert (good.status, good.params["reply_markup"], good.result) == (
        200,
        APPROVE,
        good.result,
    )
    assert (bad.status, bad.description) == (400, "Bad Request: chat not found")
    assert good.at_s < bad.at_s
    assert [each.status for each in server.calls()] == [200, 400, 401]
    assert TOKEN not in server.describe()


# The page


def test_page_shows_the_chat_escaped_and_lets_people_act() -> None:
    with FakeTelegram(token=TOKEN, chats=[GROUP], with_page=True) as server:
        server.person(1001, "林<岚>")
        nasty = '"><script>alert(1)</script>'
        markup = {"inline_keyboard": [[{"text": nasty, "callback_data": nasty}]]}
        text = f"<b>{nasty.replace('<', '&lt;')}</b>"
        message = sent(server, text=text, parse_mode="HTML", reply_markup=markup)
        photo = with_bot(server, lambda bot: bot.send_photo(GROUP, make_png(9, 9)))
        pages = [send(server, path)[1].decode() for path in ("/", f"/chat?chat={GROUP}")]
        assert not any("<script" in page or "<岚>" in page for page in pages)
        assert "<b>&quot;&gt;&lt;script&gt;" in pages[1]
        file_id = photo.photo[-1].file_id
        assert send(server, f"/photo?id={file_id}") == (200, make_png(9, 9))
        acts: list[tuple[str, Json]] = [
            ("/press", {"message": message.message_id, "data": nasty}),
            ("/say", {"message": message.message_id, "text": "<回复>"}),
            ("/say", {"text": "/ack"}),
        ]
        for path, fields in acts:
            encoded = urllib.parse.urlencode({"as": 1001, "chat": GROUP} | fields).encode()
            assert send(server, path, encoded, "application/x-www-form-urlencoded")[0] == 200
        press, reply, said = call(server, "getUpdates")["result"]
        assert press["callback_query"]["data"] == nasty
        assert reply["message"]["reply_to_message"]["message_id"] == message.message_id
        assert said["message"]["text"] == "/ack"
        assert (
            send(server, "/press", b"as=9&chat=x", "application/x-www-form-urlencoded")[0] == 400
        )
        assert "&lt;回复&gt;" in send(server, "/chat")[1].decode()


def test_server_runs_alone_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "tests.fakes.telegram", "--port", "0", "--chat", "-1001"]
    command += ["--person", "1001:林岚"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as alone:
        assert alone.stdout is not None
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+/", alone.stdout.readline())
            assert found is not None
            with _opener.open(found[0], timeout=5) as page:
                assert "林岚" in page.read().decode()
            alone.send_signal(signal.SIGINT)
            assert alone.wait(10) == 0
        finally:
            alone.kill()


def test_page_markup_is_nested_by_utf16_offsets() -> None:
    text, entities = parse_html('🔥<b>热<i>点</i></b><a href="https://a.cn/?a=1&amp;b=2">链</a>')
    assert to_html(text, entities) == (
        '🔥<b>热<i>点</i></b><a href="https://a.cn/?a=1&amp;b=2" '
        'rel="noreferrer noopener" target="_blank">链</a>'
    )
