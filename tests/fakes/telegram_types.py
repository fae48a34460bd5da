"""What the Telegram server for tests keeps and raises: chats, versions of messages, errors."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A refusal that reaches the client as ``{"ok": false, ...}`` with this code and text."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(reason: str) -> ApiError:
    """Return the 400 that Telegram words as ``Bad Request: <reason>``."""
    return ApiError(400, f"Bad Request: {reason}")


@dataclass(slots=True)
class FakeChat:
    """One chat; ``kind`` is ``private``, ``group`` or ``supergroup``.

    A bot that is no administrator sees, as in Telegram, only commands and replies to itself, and
    may not pin. ``topics`` maps the thread id of each forum topic to its name.
    """

    id: int
    kind: str = "supergroup"
    title: str = "风声值班群"
    username: str | None = None
    is_forum: bool = False
    topics: dict[int, str] = field(default_factory=dict)
    bot_is_admin: bool = True
    is_kicked: bool = False
    migrated_to: int | None = None
    pinned: list[int] = field(default_factory=list)
    last_message_id: int = 0

    def to_json(self) -> Json:
        """Return the chat as the ``Chat`` object of the Bot API."""
        name = "first_name" if self.kind == "private" else "title"
        found: Json = {"id": self.id, "type": self.kind, name: self.title}
        if self.username:
            found["username"] = self.username
        if self.is_forum:
            found["is_forum"] = True
        return found


@dataclass(frozen=True, slots=True)
class Photo:
    """An accepted picture; ``media_type`` is what its first bytes say, e.g. ``image/png``."""

    file_id: str
    width: int
    height: int
    media_type: str
    data: bytes = field(repr=False)

    def to_json(self) -> list[Json]:
        """Return the array of ``PhotoSize`` that a message carries."""
        return [
            {
                "file_id": self.file_id,
                "file_unique_id": self.file_id[-16:],
                "width": self.width,
                "height": self.height,
                "file_size": len(self.data),
            }
        ]


@dataclass(frozen=True, slots=True)
class FakeMessage:
    """One version of a message; every edit makes another with the next ``revision``."""

    chat_id: int
    message_id: int
    sender_id: int
    is_from_bot: bool
    sent_at_s: int
    text: str | None = None
    caption: str | None = None
    entities: tuple[Json, ...] = ()
    photo: Photo | None = None
    reply_markup: Json | None = None
    reply_to_message_id: int | None = None
    message_thread_id: int | None = None
    options: Json = field(default_factory=dict)
    service: Json = field(default_factory=dict)
    revision: int = 0
    edited_at_s: int | None = None

    @property
    def content(self) -> str:
        """The text, or the caption of a photo."""
        return self.text if self.text is not None else self.caption or ""

    @property
    def keyboard(self) -> list[list[Json]]:
        """The rows of the inline keyboard, empty when there is none."""
        rows: list[list[Json]] = (self.reply_markup or {}).get("inline_keyboard", [])
        return rows

    @property
    def buttons(self) -> list[str]:
        """The texts of the inline buttons in reading order."""
        return [button["text"] for row in self.keyboard for button in row]

    def button(self, text: str) -> Json:
        """Return the button with this text, or the only one that contains it."""
        all_buttons = [button for row in self.keyboard for button in row]
        exact = [button for button in all_buttons if button["text"] == text]
        found = exact or [button for button in all_buttons if text in button["text"]]
        if len(found) != 1 and not exact:
            raise AssertionError(
                f"message {self.message_id} has {len(found)} buttons like {text!r}: {self.buttons}"
            )
        return found[0]

    def __str__(self) -> str:
        picture = "[photo] " if self.photo else ""
        sender = "bot" if self.is_from_bot else f"person {self.sender_id}"
        return (
            f"chat {self.chat_id} message {self.message_id} revision {self.revision} "
            f"by {sender}: {picture}{self.content[:300]!r} buttons={self.buttons}"
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot showed to the person who pressed a button."""

    text: str = ""
    show_alert: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the server saw it.

    ``status`` is the HTTP status sent, 0 when the connection was cut on purpose and 499 when the
    client had gone before the answer. ``at_s`` is monotonic and taken on arrival.
    """

    method: str
    params: Json
    status: int
    description: str
    at_s: float
    result: object = None
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    trouble: str | None = None

    def __str__(self) -> str:
        trouble = f" ({self.trouble})" if self.trouble else ""
        params = ", ".join(f"{name}={value!r:.80}" for name, value in self.params.items())
        return f"{self.method}({params}) -> {self.status} {self.description}{trouble}"
