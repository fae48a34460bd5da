"""What we keep of a Telegram update: who, where, and what was pressed or said."""

from typing import Any

from telegram import Update

MAX_TEXT_CHARS = 4_096


def reduced(update: Update) -> dict[str, Any]:
    """Return the parts of an update that handling needs; everything else is dropped."""
    query = update.callback_query
    if query is not None and query.message is not None:
        return {
            "kind": "press",
            "query_id": query.id,
            "from_id": query.from_user.id,
            "chat_id": query.message.chat.id,
            "message_id": query.message.message_id,
            "has_photo": bool(getattr(query.message, "photo", None)),
            "data": query.data or "",
        }
    message = update.message
    if message is not None and message.text and message.from_user is not None:
        reply = message.reply_to_message
        return {
            "kind": "text",
            "from_id": message.from_user.id,
            "chat_id": message.chat.id,
            "message_id": message.message_id,
            "text": message.text[:MAX_TEXT_CHARS],
            "reply_to": reply.message_id if reply is not None else None,
        }
    return {"kind": "other"}
