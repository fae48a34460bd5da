"""Everything the Telegram server for tests remembers, and its shape in Bot API objects."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.fakes.telegram_types import ApiError, FakeChat, FakeMessage, Json, Photo, bad_request
from tests.fakes.telegram_updates import UpdateQueue

if TYPE_CHECKING:
    from tests.fakes.telegram_people import Press

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]+)?")


class State:
    """Chats, versions of messages, presses and updates, all guarded by ``changed``."""

    def __init__(self, bot: Json, clock: Callable[[], float]) -> None:
        self.bot = bot
        self.clock = clock
        self.changed = threading.Condition()
        self.updates = UpdateQueue(self.changed)
        self.chats: dict[int, FakeChat] = {}
        self.people: dict[int, Json] = {}
        self.versions: dict[tuple[int, int], list[FakeMessage]] = {}
        self.deleted: set[tuple[int, int]] = set()
        self.presses: dict[str, Press] = {}
        self.photos: dict[str, Photo] = {}
        self.commands: dict[str, list[Json]] = {}

    def now_s(self) -> int:
        """Return the wall clock in whole seconds, as Telegram dates are."""
        return int(self.clock())

    def open_chat(self, chat_id: int | str) -> FakeChat:
        """Return the chat the bot may write to, or refuse as Telegram does."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else self._named(chat_id)
        if chat is None:
            if chat_id in self.people:
                raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.migrated_to,
            )
        if chat.is_kicked:
            if chat.kind == "private":
                raise ApiError(403, "Forbidden: bot was blocked by the user")
            raise ApiError(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
        return chat

    def _named(self, name: str) -> FakeChat | None:
        return next(
            (
                chat
                for chat in self.chats.values()
                if chat.username and f"@{chat.username}" == name
            ),
            None,
        )

    def message(self, chat_id: int, message_id: int) -> FakeMessage | None:
        """Return the current version of a message that still exists."""
        key = (chat_id, message_id)
        return None if key in self.deleted or key not in self.versions else self.versions[key][-1]

    def post(self, chat: FakeChat, sender: Json, **content: Any) -> FakeMessage:
        """Add a message to the chat and wake everybody who waits."""
        with self.changed:
            chat.last_message_id += 1
            message = FakeMessage(
                chat_id=chat.id,
                message_id=chat.last_message_id,
                sender_id=sender["id"],
                is_from_bot=sender is self.bot,
                sent_at_s=self.now_s(),
                **content,
            )
            self.versions[chat.id, message.message_id] = [message]
            self.changed.notify_all()
            return message

    def edit(self, message: FakeMessage, **content: Any) -> FakeMessage:
        """Add the next version of the message."""
        with self.changed:
            versions = self.versions[message.chat_id, message.message_id]
            edited = replace(
                versions[-1], **content, revision=len(versions), edited_at_s=self.now_s()
            )
            versions.append(edited)
            self.changed.notify_all()
            return edited

    def all_versions(self, chat_id: int | None = None) -> list[FakeMessage]:
        """Return every version of every message in the order of sending, deleted ones too."""
        with self.changed:
            return [
                version
                for key, versions in self.versions.items()
                if chat_id in {None, key[0]}
                for version in versions
            ]

    def sender_json(self, message: FakeMessage) -> Json:
        """Return the ``User`` who sent the message."""
        return self.bot if message.is_from_bot else self.people[message.sender_id]

    def message_json(self, message: FakeMessage, *, with_reply: bool = True) -> Json:
        """Return the message as the ``Message`` object of the Bot API."""
        chat = self.chats[message.chat_id]
        found: Json = {
            "message_id": message.message_id,
            "from": self.sender_json(message),
            "chat": chat.to_json(),
            "date": message.sent_at_s,
            **message.service,
        }
        if message.edited_at_s is not None:
            found["edit_date"] = message.edited_at_s
        if message.message_thread_id is not None:
            found["message_thread_id"] = message.message_thread_id
            found["is_topic_message"] = True
        replied = self.message(message.chat_id, message.reply_to_message_id or 0)
        if with_reply and replied is not None:
            found["reply_to_message"] = self.message_json(replied, with_reply=False)
        field = "text" if message.text is not None else "caption"
        if message.content:
            found[field] = message.content
        if message.entities:
            found["entities" if field == "text" else "caption_entities"] = list(message.entities)
        if message.photo is not None:
            found["photo"] = message.photo.to_json()
        if message.keyboard:
            found["reply_markup"] = message.reply_markup
        if message.options.get("show_caption_above_media"):
            found["show_caption_above_media"] = True
        if message.options.get("has_spoiler"):
            found["has_media_spoiler"] = True
        if message.options.get("protect_content"):
            found["has_protected_content"] = True
        if "link_preview_options" in message.options:
            found["link_preview_options"] = message.options["link_preview_options"]
        return found

    def reachable_json(self, chat_id: int, message_id: int) -> Json:
        """Return the message, or the ``InaccessibleMessage`` that stands for a deleted one."""
        message = self.message(chat_id, message_id)
        if message is not None:
            return self.message_json(message)
        return {"chat": self.chats[chat_id].to_json(), "message_id": message_id, "date": 0}

    def is_visible_to_bot(self, message: FakeMessage) -> bool:
        """Tell whether the bot gets this message: in groups its rights decide (privacy mode)."""
        chat = self.chats[message.chat_id]
        if chat.is_kicked:
            return False
        if chat.kind == "private" or chat.bot_is_admin:
            return True
        replied = self.message(message.chat_id, message.reply_to_message_id or 0)
        is_reply_to_bot = replied is not None and replied.is_from_bot
        is_for_bot = any(
            "@" not in command or command.endswith(f"@{self.bot['username']}")
            for command in _COMMAND.findall(message.content)
        )
        return is_reply_to_bot or is_for_bot


def find_commands(text: str) -> tuple[Json, ...]:
    """Return the ``bot_command`` entities that Telegram marks in what a person writes."""
    return tuple(
        {
            "type": "bot_command",
            "offset": len(text[: found.start()].encode("utf-16-le")) // 2,
            "length": len(found[0]),
        }
        for found in _COMMAND.finditer(text)
    )
