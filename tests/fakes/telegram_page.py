"""A page to play the chat in a browser: see what the bot wrote, press and answer as anybody."""

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.fakes.telegram_html import to_html
from tests.fakes.telegram_people import Person, Press
from tests.fakes.telegram_state import State
from tests.fakes.telegram_types import FakeMessage, Json

if TYPE_CHECKING:
    from tests.fakes.telegram_http import Handler

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-src 'self'; "
    "form-action 'self'"
)
_STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 46em; margin: 1em auto; background: #e7ebf0 }
article { background: #fff; border-radius: 8px; padding: .5em .8em; margin: .6em 0 }
article.person { background: #eeffde; margin-left: 8em }
article p { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3em 0 }
article img { max-width: 100% } small { color: #678 } form.key { display: inline }
iframe { width: 100%; height: 70vh; border: 0 } textarea { width: 100% }
"""


class Page:
    """Serves ``/``, ``/chat``, ``/photo``, ``/press`` and ``/say``; all text is escaped."""

    def __init__(self, state: State) -> None:
        self._state = state

    def serve(self, handler: "Handler", body: bytes) -> bool:
        """Answer the request if it is one for the page; tell whether it was."""
        target = urlsplit(handler.path)
        asked = dict(parse_qsl(target.query))
        if handler.command == "POST":
            return self._act(handler, target.path, dict(parse_qsl(body.decode())))
        if target.path == "/photo":
            photo = self._state.photos.get(asked.get("id", ""))
            if photo is not None:
                handler.respond(200, photo.data, photo.media_type)
            return photo is not None
        with self._state.changed:
            if target.path == "/" and self._state.people:
                self._show(handler, self._frame(asked))
            elif target.path == "/chat" and self._state.people:
                self._show(handler, self._chat(asked))
            else:
                return False
        return True

    def _act(self, handler: "Handler", path: str, asked: dict[str, str]) -> bool:
        try:
            person = Person(self._state, self._state.people[int(asked["as"])])
            if path == "/press":
                message = self._message(asked["chat"], asked["message"])
                person.press_raw(message, asked["data"])
                shown = "/chat"
            elif path == "/say" and asked.get("message"):
                person.reply(self._message(asked["chat"], asked["message"]), asked["text"])
                shown = "/"
            elif path == "/say":
                person.say(int(asked["chat"]), asked["text"])
                shown = "/"
            else:
                return False
        except (KeyError, ValueError, AssertionError):
            handler.respond(400, b"This cannot be done.", "text/plain")
            return True
        back = urlencode({"as": person.id, "chat": asked["chat"]})
        handler.respond(303, b"", "text/plain", {"Location": f"{shown}?{back}"})
        return True

    def _message(self, chat_id: str, message_id: str) -> FakeMessage:
        return self._state.versions[int(chat_id), int(message_id)][-1]

    def _show(self, handler: "Handler", content: str) -> None:
        page = (
            '<!doctype html><html lang="zh"><meta charset="utf-8"><title>Telegram for tests'
            f"</title><style>{_STYLE}</style><body>{content}"
        )
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
        handler.respond(200, page.encode(), "text/html; charset=utf-8", headers)

    def _asked(self, asked: dict[str, str]) -> tuple[Json, int]:
        people, chats = self._state.people, self._state.chats
        wanted = {name: asked.get(name, "").removeprefix("-") for name in ("as", "chat")}
        person_id = int(asked["as"]) if wanted["as"].isdecimal() else next(iter(people))
        chat_id = int(asked["chat"]) if wanted["chat"].isdecimal() else next(iter(chats))
        person = people.get(person_id) or next(iter(people.values()))
        return person, chat_id if chat_id in chats or chat_id == person["id"] else next(
            iter(chats)
        )

    def _frame(self, asked: dict[str, str]) -> str:
        person, chat_id = self._asked(asked)
        places = {each.id: each.title for each in self._state.chats.values()}
        places.setdefault(person["id"], "私聊")
        who = " · ".join(
            f'<a href="/?{escape(urlencode({"as": each["id"], "chat": chat_id}))}">'
            f"{'●' if each is person else ''}{escape(each['first_name'])}</a>"
            for each in self._state.people.values()
            if not each["is_bot"]
        )
        where = " · ".join(
            f'<a href="/?{escape(urlencode({"as": person["id"], "chat": each}))}">'
            f"{'●' if each == chat_id else ''}{escape(title)} {each}</a>"
            for each, title in places.items()
        )
        source = escape(urlencode({"as": person["id"], "chat": chat_id}))
        return (
            f"<p>以谁的身份: {who}<p>聊天: {where}"
            f'<iframe src="/chat?{source}" title="chat"></iframe>'
            f'<form method="post" action="/say">{_hidden(chat=chat_id, **{"as": person["id"]})}'
            '<textarea name="text" rows="2" required></textarea>'
            '<label>回复消息编号（可空）<input name="message" size="6"></label> '
            "<button>发送</button></form>"
        )

    def _chat(self, asked: dict[str, str]) -> str:
        person, chat_id = self._asked(asked)
        shown = [
            self._article(versions[-1], person)
            for key, versions in reversed(self._state.versions.items())
            if key[0] == chat_id and key not in self._state.deleted
        ]
        presses = [self._press(each) for each in list(self._state.presses.values())[-5:]]
        return '<meta http-equiv="refresh" content="2">' + "".join([*presses, *shown])

    def _press(self, press: Press) -> str:
        answer = press.answer.text if press.answer else "（未回应）"
        name = escape(press.person["first_name"])
        return f"<small>{name} → {escape(press.data)}: {escape(answer)}<br></small>"

    def _article(self, message: FakeMessage, person: Json) -> str:
        sender = escape(self._state.sender_json(message)["first_name"])
        edited = f" · 已编辑 {message.revision} 次" if message.revision else ""
        replied = f" · 回复 {message.reply_to_message_id}" if message.reply_to_message_id else ""
        picture = ""
        if message.photo is not None:
            query = escape(urlencode({"id": message.photo.file_id}))
            picture = f'<img src="/photo?{query}" alt="">'
        rows = "<br>".join(
            " ".join(self._button(message, button, person) for button in row)
            for row in message.keyboard
        )
        kind = "" if message.is_from_bot else ' class="person"'
        return (
            f"<article{kind}><small>{message.message_id} · {sender}{replied}{edited}</small>"
            f"{picture}<p>{to_html(message.content, message.entities)}</p>{rows}</article>"
        )

    def _button(self, message: FakeMessage, button: Json, person: Json) -> str:
        text = escape(button["text"])
        if "url" in button:
            url = escape(button["url"])
            return f'<a href="{url}" rel="noreferrer noopener" target="_blank">{text} ↗</a>'
        if "callback_data" not in button:
            return f"<button disabled>{text}</button>"
        fields = _hidden(
            chat=message.chat_id,
            message=message.message_id,
            data=button["callback_data"],
            **{"as": person["id"]},
        )
        return (
            f'<form class="key" method="post" action="/press">{fields}'
            f"<button>{text}</button></form>"
        )


def _hidden(**values: object) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">'
        for name, value in values.items()
    )
