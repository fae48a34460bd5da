"""Telegram as a channel: one alert is one message, edited in place through its life."""

import json
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import MessageLimit, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from listener.callbacks import sign
from listener.errors import Permanent, Temporary
from listener.notify.channel import Delivery, Receipt
from listener.notify.markup import shortened, to_plain

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

CHANNEL = "telegram"
MAX_TEXT = int(MessageLimit.MAX_TEXT_LENGTH)
MAX_CAPTION = int(MessageLimit.CAPTION_LENGTH)
REQUEST_TIMEOUT_S = 20.0


class BotLine:
    """A bot together with the connections to close behind it."""

    def __init__(self, bot: Bot, requests: tuple[HTTPXRequest, ...]) -> None:
        self.bot = bot
        self._requests = requests

    async def close(self) -> None:
        """Close the connections."""
        for request in self._requests:
            await request.shutdown()


def open_bot(token: str, *, base_url: str, proxy: str | None, poll_timeout_s: float) -> BotLine:
    """Return the bot for a token; nothing is sent yet."""
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library's own switch; otherwise it warns
    logging.getLogger("httpx").setLevel(
        logging.WARNING
    )  # at INFO it logs addresses with the token

    def request(read_timeout_s: float) -> HTTPXRequest:
        return HTTPXRequest(
            proxy=proxy,
            connect_timeout=10.0,
            read_timeout=read_timeout_s,
            write_timeout=REQUEST_TIMEOUT_S,
            media_write_timeout=REQUEST_TIMEOUT_S,
            pool_timeout=REQUEST_TIMEOUT_S,
            httpx_kwargs={"trust_env": False},
        )

    sending, polling = request(REQUEST_TIMEOUT_S), request(poll_timeout_s + 10.0)
    bot = Bot(token, base_url=base_url, request=sending, get_updates_request=polling)
    return BotLine(bot, (sending, polling))


async def asking(call: Awaitable[Answer]) -> Answer:
    """Await a Bot API call; every failure becomes ``Temporary`` or ``Permanent``, token-free."""
    try:
        return await call
    except RetryAfter as error:
        wait = error.retry_after
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        raise Temporary("Telegram asks to wait", retry_after_s=seconds) from None
    except ChatMigrated as error:
        raise Permanent(
            f"the chat has become {error.new_chat_id}; write that into telegram.chat_id",
            reason="gone",
        ) from None
    except InvalidToken:
        raise Temporary(
            "Telegram refuses the bot token; check FENGSHENG_TELEGRAM_TOKEN", retry_after_s=60.0
        ) from None
    except Forbidden as error:
        raise Permanent(f"Telegram: {error.message}", reason="gone") from None
    except BadRequest as error:
        raise Permanent(f"Telegram: {error.message}", reason=_reason(error.message)) from None
    except NetworkError as error:
        raise Temporary(f"Telegram cannot be reached ({type(error).__name__})") from None
    except TelegramError as error:
        raise Temporary(f"Telegram failed ({type(error).__name__})") from None


def _reason(message: str) -> str:
    text = message.lower()
    for mark, reason in (
        ("not modified", "unchanged"),
        ("can't parse entities", "markup"),
        ("too long", "too_long"),
        ("photo", "photo"),
        ("image", "photo"),
        ("no caption", "not_a_photo"),
        ("no text", "not_a_text"),
        ("edit not found", "gone"),
        ("can't be edited", "gone"),
        ("chat not found", "gone"),
    ):
        if mark in text:
            return reason
    return "refused"


class TelegramChannel:
    """Sends and edits messages in one group, in one topic of it if so configured."""

    def __init__(self, bot: Bot, *, key: bytes, topic_id: int = 0) -> None:
        self._bot = bot
        self._key = key
        self._topic_id = topic_id or None

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send a new message, or change the one it targets."""
        if delivery.message.target_remote is not None:
            return await self._edit(delivery, delivery.message.target_remote)
        if delivery.chart is not None:
            try:
                return await self._send_photo(delivery)
            except Permanent as error:
                if error.reason not in ("photo", "too_long"):
                    raise
                logger.warning("photo refused, sending text", extra={"error": str(error)})
        return await self._send_text(delivery)

    async def _send_photo(self, delivery: Delivery) -> Receipt:
        if delivery.chart is None:
            raise ValueError("no chart to send")
        photo = delivery.chart.read_bytes()

        def send(html: str, mode: str | None) -> Awaitable[Message]:
            return self._bot.send_photo(
                chat_id=int(delivery.message.recipient),
                photo=photo,
                caption=html,
                parse_mode=mode,
                message_thread_id=self._topic_id,
                reply_markup=self._markup(delivery),
                reply_parameters=_reply(delivery),
            )

        sent = await _with_plain_fallback(
            send, shortened(delivery.message.body["html"], MAX_CAPTION)
        )
        return _receipt(sent, delivery)

    async def _send_text(self, delivery: Delivery) -> Receipt:
        def send(html: str, mode: str | None) -> Awaitable[Message]:
            return self._bot.send_message(
                chat_id=int(delivery.message.recipient),
                text=html,
                parse_mode=mode,
                message_thread_id=self._topic_id,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=self._markup(delivery),
                reply_parameters=_reply(delivery),
            )

        sent = await _with_plain_fallback(send, shortened(delivery.message.body["html"], MAX_TEXT))
        return _receipt(sent, delivery)

    async def _edit(self, delivery: Delivery, remote: dict[str, Any]) -> Receipt:
        message_id = int(remote["message_id"])
        try:
            if remote["has_photo"]:
                await self._edit_photo(delivery, remote, message_id)
            else:
                await self._edit_text(delivery, message_id)
        except Permanent as error:
            if error.reason != "unchanged":
                raise
        return Receipt(
            remote_id=str(message_id),
            remote={**remote, "chart": _chart_mark(delivery) or remote.get("chart")},
        )

    async def _edit_text(self, delivery: Delivery, message_id: int) -> None:
        def edit(html: str, mode: str | None) -> Awaitable[Message | bool]:
            return self._bot.edit_message_text(
                chat_id=int(delivery.message.recipient),
                message_id=message_id,
                text=html,
                parse_mode=mode,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=self._inline(delivery),
            )

        await _with_plain_fallback(edit, shortened(delivery.message.body["html"], MAX_TEXT))

    async def _edit_photo(
        self, delivery: Delivery, remote: dict[str, Any], message_id: int
    ) -> None:
        chat_id = int(delivery.message.recipient)
        html = shortened(delivery.message.body["html"], MAX_CAPTION)
        if delivery.chart is not None and _chart_mark(delivery) != remote.get("chart"):
            photo = delivery.chart.read_bytes()

            def edit(html: str, mode: str | None) -> Awaitable[Message | bool]:
                return self._bot.edit_message_media(
                    chat_id=chat_id,
                    message_id=message_id,
                    media=InputMediaPhoto(photo, caption=html, parse_mode=mode),
                    reply_markup=self._inline(delivery),
                )
        else:

            def edit(html: str, mode: str | None) -> Awaitable[Message | bool]:
                return self._bot.edit_message_caption(
                    chat_id=chat_id,
                    message_id=message_id,
                    caption=html,
                    parse_mode=mode,
                    reply_markup=self._inline(delivery),
                )

        await _with_plain_fallback(edit, html)

    def _markup(self, delivery: Delivery) -> InlineKeyboardMarkup | ForceReply | None:
        if delivery.message.body["asks_reply"]:
            return ForceReply(selective=False)
        return self._inline(delivery)

    def _inline(self, delivery: Delivery) -> InlineKeyboardMarkup | None:
        body = delivery.message.body
        if not body["buttons"]:
            return None
        return InlineKeyboardMarkup(
            [
                [
                    InlineKeyboardButton(
                        button["text"],
                        callback_data=sign(
                            self._key,
                            delivery.message.recipient,
                            button["action"],
                            button["id"],
                            body["content_hash"],
                        ),
                    )
                    for button in row
                ]
                for row in body["buttons"]
            ]
        )


async def _with_plain_fallback(
    send: Callable[[str, str | None], Awaitable[Answer]], html: str
) -> Answer:
    """Send as HTML; should Telegram not like the markup, the words matter more."""
    try:
        return await asking(send(html, ParseMode.HTML))
    except Permanent as error:
        if error.reason != "markup":
            raise
        logger.warning("markup refused, sending plain text", extra={"error": str(error)})
        return await asking(send(to_plain(html), None))


def _reply(delivery: Delivery) -> ReplyParameters | None:
    remote = delivery.message.reply_to_remote
    if remote is None:
        return None
    return ReplyParameters(int(remote["message_id"]), allow_sending_without_reply=True)


def _chart_mark(delivery: Delivery) -> str | None:
    """Return what tells one chart from another: its figures."""
    spec = delivery.message.body.get("chart")
    return None if spec is None else json.dumps(spec["negatives"], separators=(",", ":"))


def _receipt(sent: Message, delivery: Delivery) -> Receipt:
    return Receipt(
        remote_id=str(sent.message_id),
        remote={
            "message_id": sent.message_id,
            "has_photo": bool(sent.photo),
            "chart": _chart_mark(delivery),
        },
    )
