"""The people of a test: they press buttons, write and reply, each under their own identity."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tests.fakes.telegram_state import State, find_commands
from tests.fakes.telegram_types import Answer, FakeChat, FakeMessage, Json

Found = TypeVar("Found")

DEADLINE_S = 5.0


def wait_until(
    changed: threading.Condition,
    look: Callable[[], Found | None],
    explain: Callable[[], str],
    timeout_s: float,
) -> Found:
    """Return what ``look`` finds, looking again on every change; raise AssertionError if late."""
    deadline_s = time.monotonic() + timeout_s
    with changed:
        while True:
            found = look()
            if found is not None and found is not False:
                return found
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise AssertionError(f"nothing after {timeout_s:g} s: {explain()}")
            changed.wait(left_s)


class Press:
    """One press of a button, waiting for the bot's answer."""

    def __init__(self, state: State, person: Json, message: FakeMessage, data: str) -> None:
        self.id = str(4_000_000_000_000_000_000 + len(state.presses))
        self.person = person
        self.message = message
        self.data = data
        self.answer: Answer | None = None
        self.is_expired = False
        self.update_id = 0
        self._state = state

    @property
    def is_answered(self) -> bool:
        """Whether the bot has answered."""
        return self.answer is not None

    def expire(self) -> None:
        """Make the query too old to be answered."""
        with self._state.changed:
            self.is_expired = True

    def wait_answered(self, timeout_s: float = DEADLINE_S) -> Answer:
        """Return the bot's answer; raise AssertionError if it does not come in time."""
        return wait_until(self._state.changed, lambda: self.answer, self.__str__, timeout_s)

    def __str__(self) -> str:
        return (
            f"{self.person['first_name']} pressed {self.data!r} on message "
            f"{self.message.message_id}, answer={self.answer}, expired={self.is_expired}"
        )


class Person:
    """Somebody who acts in chats. Every act queues the update that Telegram would send."""

    def __init__(self, state: State, user: Json) -> None:
        self.id: int = user["id"]
        self.name: str = user["first_name"]
        self._user = user
        self._state = state

    def start(self, text: str = "/start") -> FakeMessage:
        """Open the private chat with the bot, without which the bot may not write there."""
        return self.say(self.id, text)

    def say(self, chat: FakeChat | int, text: str, *, topic: int | None = None) -> FakeMessage:
        """Write in a chat; one's own id means the private chat, which this opens."""
        return self._write(self._chat(chat), text, message_thread_id=topic)

    def reply(self, message: FakeMessage, text: str) -> FakeMessage:
        """Answer a message in its chat and topic."""
        return self._write(
            self._chat(message.chat_id),
            text,
            reply_to_message_id=message.message_id,
            message_thread_id=message.message_thread_id,
        )

    def edit(self, message: FakeMessage, text: str) -> FakeMessage:
        """Change a message of one's own; the bot gets ``edited_message``."""
        if message.sender_id != self.id:
            raise AssertionError(f"{self.name} did not write {message}")
        with self._state.changed:
            edited = self._state.edit(message, text=text, entities=find_commands(text))
            return self._announce("edited_message", edited)

    def press(self, message: FakeMessage, text: str) -> Press:
        """Press the inline button with this text on the given, perhaps outdated, version."""
        button = message.button(text)
        if "callback_data" not in button:
            raise AssertionError(f"the button {button} does not reach the bot")
        return self.press_raw(message, button["callback_data"])

    def press_raw(self, message: FakeMessage, data: str) -> Press:
        """Send any callback data, as a modified client can."""
        with self._state.changed:
            press = Press(self._state, self._user, message, data)
            self._state.presses[press.id] = press
            press.update_id = self._state.updates.add(
                "callback_query",
                {
                    "id": press.id,
                    "from": self._user,
                    "message": self._state.reachable_json(message.chat_id, message.message_id),
                    "chat_instance": str(hash(message.chat_id)),
                    "data": data,
                },
            )
            return press

    def _chat(self, chat: FakeChat | int) -> FakeChat:
        chat_id = chat if isinstance(chat, int) else chat.id
        with self._state.changed:
            if chat_id == self.id and chat_id not in self._state.chats:
                username = self._user.get("username")
                opened = FakeChat(self.id, "private", self.name, username)
                self._state.chats[self.id] = opened
            if chat_id not in self._state.chats:
                raise AssertionError(f"no chat {chat_id}; there are {list(self._state.chats)}")
            return self._state.chats[chat_id]

    def _write(
        self,
        chat: FakeChat,
        text: str,
        *,
        reply_to_message_id: int | None = None,
        message_thread_id: int | None = None,
    ) -> FakeMessage:
        with self._state.changed:
            message = self._state.post(
                chat,
                self._user,
                text=text,
                entities=find_commands(text),
                reply_to_message_id=reply_to_message_id,
                message_thread_id=message_thread_id,
            )
            return self._announce("message", message)

    def _announce(self, kind: str, message: FakeMessage) -> FakeMessage:
        if self._state.is_visible_to_bot(message):
            self._state.updates.add(kind, self._state.message_json(message))
        return message
