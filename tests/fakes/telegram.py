"""A strict Telegram Bot API server for tests: real HTTP on loopback, state in memory.

``python -m tests.fakes.telegram --chat -1001`` runs it alone with a page to play the chat.
"""

import argparse
import signal
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from tests.fakes.telegram_api import BotApi
from tests.fakes.telegram_http import Service
from tests.fakes.telegram_page import Page
from tests.fakes.telegram_people import DEADLINE_S, Person, Press, wait_until
from tests.fakes.telegram_state import State
from tests.fakes.telegram_trouble import How, Pace, Trouble, Troubles
from tests.fakes.telegram_types import Answer, Call, FakeChat, FakeMessage, Json

__all__ = [
    "Answer",
    "Call",
    "FakeChat",
    "FakeMessage",
    "FakeTelegram",
    "How",
    "Pace",
    "Person",
    "Press",
    "Trouble",
]

Predicate = Callable[[FakeMessage], object] | str | None
SHOWN = 30
# The account that Telegram names as the sender of what a group itself says.
GROUP_ITSELF_ID = 1087968824
GROUP_ITSELF = {
    "id": GROUP_ITSELF_ID,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}


class FakeTelegram:
    """The server; a context manager. Any number of bots may connect one after another."""

    def __init__(
        self,
        *,
        token: str = "123:ABC",
        chats: Iterable[FakeChat | int] = (),
        port: int = 0,
        bot_name: str = "风声",
        bot_username: str = "fengsheng_bot",
        pace: Pace | None = None,
        with_page: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Listen on the port (0 chooses one). A negative chat id stands for a supergroup."""
        self.token = token
        bot = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": bot_name,
            "username": bot_username,
        }
        self._state = State(bot, clock)
        self._troubles = Troubles()
        self._troubles.pace = pace
        self._service = Service(
            port,
            token=token,
            api=BotApi(self._state),
            troubles=self._troubles,
            changed=self._state.changed,
        )
        self.url = f"http://127.0.0.1:{self._service.server_port}"
        self._is_running = False
        for chat in chats:
            self.add_chat(chat)
        if with_page:
            self._service.page = Page(self._state).serve

    def start(self) -> Self:
        """Begin to answer."""
        self._service.start()
        self._is_running = True
        return self

    def stop(self) -> None:
        """Let long polls return, close every connection, and raise if the server had a defect."""
        self._state.updates.stop()
        if self._is_running:
            self._is_running = False
            self._service.stop()
        else:
            self._service.server_close()
        if self._service.failures:
            raise AssertionError("the Telegram server failed") from self._service.failures[0]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # Chats and people

    def add_chat(self, chat: FakeChat | int) -> FakeChat:
        """Add a chat the bot is in; a positive id is the private chat of that person."""
        if isinstance(chat, int):
            kind = "supergroup" if chat < 0 else "private"
            title = "风声值班群" if chat < 0 else f"用户{chat}"
            chat = FakeChat(chat, kind, title)
        with self._state.changed:
            self._state.chats[chat.id] = chat
        return chat

    def chat(self, chat_id: int) -> FakeChat:
        """Return the live chat: pins, rights and topics can be read and changed on it."""
        return self._state.chats[chat_id]

    def person(self, id: int, first_name: str = "林岚", username: str | None = None) -> Person:
        """Return somebody who can act; the same id is the same person."""
        with self._state.changed:
            user = {"id": id, "is_bot": False, "first_name": first_name, "language_code": "zh"}
            if username:
                user["username"] = username
            return Person(self._state, self._state.people.setdefault(id, user))

    def kick(self, chat_id: int) -> None:
        """Throw the bot out of a group, or block it in a private chat: calls get 403."""
        self._set_kicked(chat_id, is_kicked=True)

    def readmit(self, chat_id: int) -> None:
        """Undo ``kick``."""
        self._set_kicked(chat_id, is_kicked=False)

    def _set_kicked(self, chat_id: int, *, is_kicked: bool) -> None:
        with self._state.changed:
            self._state.chats[chat_id].is_kicked = is_kicked
            self._state.changed.notify_all()

    def migrate(self, chat_id: int, new_chat_id: int) -> FakeChat:
        """Turn the group into a supergroup: calls with the old id get 400 and the new id."""
        with self._state.changed:
            old = self._state.chats[chat_id]
            new = self.add_chat(FakeChat(new_chat_id, "supergroup", old.title))
            self._announce_migration(old, migrate_to_chat_id=new_chat_id)
            self._announce_migration(new, migrate_from_chat_id=chat_id)
            old.migrated_to = new_chat_id
            return new

    def undo_migration(self, chat_id: int) -> None:
        """Let the old id work again."""
        with self._state.changed:
            self._state.chats[chat_id].migrated_to = None

    def _announce_migration(self, chat: FakeChat, **service: int) -> None:
        sender = self._state.people.setdefault(GROUP_ITSELF_ID, GROUP_ITSELF)
        message = self._state.post(chat, sender, service=service)
        self._state.updates.add("message", self._state.message_json(message))

    # What happened

    def messages(self, chat_id: int | None = None, *, from_bot: bool = True) -> list[FakeMessage]:
        """Return the current versions of the messages that exist, oldest first."""
        with self._state.changed:
            return [
                versions[-1]
                for key, versions in self._state.versions.items()
                if key not in self._state.deleted
                and chat_id in {None, key[0]}
                and versions[-1].is_from_bot is from_bot
            ]

    def message(self, chat_id: int, message_id: int) -> FakeMessage | None:
        """Return the current version, or None when it was deleted or never sent."""
        with self._state.changed:
            return self._state.message(chat_id, message_id)

    def history(self, message: FakeMessage) -> list[FakeMessage]:
        """Return all versions of a message, the first one first."""
        with self._state.changed:
            return list(self._state.versions[message.chat_id, message.message_id])

    def presses(self) -> list[Press]:
        """Return every press of a button, oldest first."""
        with self._state.changed:
            return list(self._state.presses.values())

    def commands(self) -> list[Json]:
        """Return all commands the bot has set, whatever their scope."""
        with self._state.changed:
            return [command for each in self._state.commands.values() for command in each]

    def calls(self, method: str | None = None) -> list[Call]:
        """Return the finished calls in the order of their answers."""
        with self._state.changed:
            return [each for each in self._service.calls if method in {None, each.method}]

    def updates(self) -> list[Json]:
        """Return every update ever made, delivered or not."""
        with self._state.changed:
            return list(self._state.updates.history)

    def pending_updates(self) -> list[Json]:
        """Return the updates that no getUpdates has confirmed."""
        return self._state.updates.pending

    def deliver_again(self, update: int | Press) -> None:
        """Deliver an update once more, confirmed or not, under its old id."""
        self._state.updates.repeat(update if isinstance(update, int) else update.update_id)

    # Waiting

    def wait_for_message(
        self,
        wanted: Predicate = None,
        *,
        timeout_s: float = DEADLINE_S,
        chat_id: int | None = None,
        after: FakeMessage | None = None,
    ) -> FakeMessage:
        """Return the newest version of a bot message that matches, sent before or during the wait.

        ``wanted`` is a test of a message or a part of its text; ``after`` skips that message and
        those sent before it.
        """

        def look() -> FakeMessage | None:
            found = [each for each in self._state.all_versions(chat_id) if each.is_from_bot]
            if after is not None:
                sent = list(self._state.versions)
                skipped = set(sent[: sent.index((after.chat_id, after.message_id)) + 1])
                found = [each for each in found if (each.chat_id, each.message_id) not in skipped]
            return _newest(found, wanted)

        return wait_until(self._state.changed, look, self.describe, timeout_s)

    def wait_for_edit(
        self,
        message: FakeMessage | int,
        wanted: Predicate = None,
        *,
        timeout_s: float = DEADLINE_S,
    ) -> FakeMessage:
        """Return the newest version that matches and is later than the given one.

        An id instead of a message means later than the first version, in whichever chat.
        """
        message_id = message if isinstance(message, int) else message.message_id
        chat_id = None if isinstance(message, int) else message.chat_id
        base = 0 if isinstance(message, int) else message.revision

        def look() -> FakeMessage | None:
            later = [
                each
                for each in self._state.all_versions(chat_id)
                if each.message_id == message_id and each.revision > base
            ]
            return _newest(later, wanted)

        return wait_until(self._state.changed, look, self.describe, timeout_s)

    def wait_until(
        self, condition: Callable[[], object], *, timeout_s: float = DEADLINE_S
    ) -> None:
        """Wait until a condition on this server holds, e.g. a message was deleted or pinned."""
        wait_until(self._state.changed, lambda: condition() or None, self.describe, timeout_s)

    def wait_for_call(
        self,
        method: str,
        wanted: Callable[[Call], object] = lambda _: True,
        *,
        timeout_s: float = DEADLINE_S,
    ) -> Call:
        """Return the first finished call of the method that matches, failed ones included."""

        def look() -> Call | None:
            return next((each for each in self.calls(method) if wanted(each)), None)

        return wait_until(self._state.changed, look, self.describe, timeout_s)

    def wait_for_poll(self, *, timeout_s: float = DEADLINE_S) -> None:
        """Wait until a bot hangs in getUpdates with nothing left to fetch."""
        self.wait_until(lambda: self._state.updates.waiting > 0, timeout_s=timeout_s)

    def describe(self) -> str:
        """Return what was seen: the last versions of messages, presses and calls."""
        versions = self._state.all_versions()
        lines = ["messages:", *map(str, versions[-SHOWN:]), "presses:"]
        lines += [*map(str, self.presses()[-SHOWN:]), "calls:"]
        lines += map(str, self.calls()[-SHOWN:])
        return "\n  ".join(lines)

    # Misbehaviour

    def misbehave(
        self,
        method: str,
        how: How | str,
        *,
        times: int | None = 1,
        retry_after_s: int = 1,
        seconds: float = 1.0,
        when: Callable[[Json], bool] = lambda _: True,
        is_processed: bool | None = None,
    ) -> Trouble:
        """Fail the next ``times`` calls of a method (``*``: any); None means until ``.end()``.

        ``when`` looks at the parameters. ``is_processed`` tells whether the request is carried out
        all the same; by default only with ``cut_after`` and ``slow``.
        """
        how = How(how)
        default = how in {How.CUT_AFTER, How.SLOW}
        return self._troubles.add(
            Trouble(
                method=method,
                how=how,
                times=times,
                retry_after_s=retry_after_s,
                seconds=seconds,
                when=when,
                is_processed=default if is_processed is None else is_processed,
            )
        )

    def set_pace(self, pace: Pace | None) -> None:
        """Switch Telegram's standing limits on new messages on or off."""
        self._troubles.pace = pace

    @property
    def early_calls(self) -> int:
        """Calls that came while a 429 had told the client to wait."""
        return self._troubles.early_calls


def _newest(found: list[FakeMessage], wanted: Predicate) -> FakeMessage | None:
    if isinstance(wanted, str):
        found = [each for each in found if wanted in each.content]
    elif wanted is not None:
        found = [each for each in found if wanted(each)]
    return found[-1] if found else None


def main() -> None:
    """Serve until interrupted."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell may start us deaf to it.
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default="123:ABC")
    parser.add_argument("--chat", type=int, action="append", help="repeat for several")
    parser.add_argument("--person", action="append", help="id:name, repeat for several")
    chosen = parser.parse_args()
    server = FakeTelegram(
        token=chosen.token, chats=chosen.chat or [-1001], port=chosen.port, with_page=True
    )
    for person in chosen.person or ["1001:林岚", "1002:周越", "1003:陈默"]:
        number, _, name = person.partition(":")
        server.person(int(number), name or f"用户{number}")
    try:
        with server:
            print(
                f"Telegram for tests: open {server.url}/ and point the bot at {server.url}/bot",
                flush=True,
            )
            server._service.stopping.wait()
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
