"""What each Bot API method does to the state, refusing what Telegram refuses."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.telegram_content import check_markup, read_photo
from tests.fakes.telegram_html import formatted, is_invisible, utf16_length
from tests.fakes.telegram_methods import METHODS, read_parameters
from tests.fakes.telegram_state import State
from tests.fakes.telegram_types import (
    Answer,
    ApiError,
    FakeChat,
    FakeMessage,
    Json,
    Photo,
    bad_request,
)

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ANSWER = 200
MAX_COMMANDS = 100
GENERAL_TOPIC_ID = 1

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class BotApi:
    """The methods of ``METHODS``; every call holds the lock of the state except while polling."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._methods: dict[str, Callable[[Json, Mapping[str, bytes]], object]] = {
            "getMe": self._get_me,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_caption,
            "editMessageMedia": self._edit_media,
            "editMessageReplyMarkup": self._edit_markup,
            "answerCallbackQuery": self._answer_press,
            "deleteMessage": self._delete_message,
            "pinChatMessage": self._pin_message,
            "getChat": self._get_chat,
            "deleteWebhook": self._delete_webhook,
            "setMyCommands": self._set_commands,
        }

    def read(self, method: str, raw: Mapping[str, object], files: Mapping[str, bytes]) -> Json:
        """Return the typed parameters, or raise ApiError 404 for an unknown method, 400 else."""
        if method not in METHODS:
            raise ApiError(404, "Not Found: method not found")
        return read_parameters(method, raw, files)

    def run(self, method: str, params: Json, files: Mapping[str, bytes]) -> object:
        """Carry out a method with parameters from ``read``; return its JSON result."""
        if method == "getUpdates":
            return self._state.updates.poll(
                offset=params.get("offset", 0),
                limit=params.get("limit", 100),
                timeout_s=params.get("timeout", 0),
                allowed=params.get("allowed_updates"),
            )
        with self._state.changed:
            result = self._methods[method](params, files)
            self._state.changed.notify_all()
            return result

    def _get_me(self, _params: Json, _files: Mapping[str, bytes]) -> object:
        return self._state.bot | {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _send_message(self, params: Json, _files: Mapping[str, bytes]) -> object:
        return self._send(params, self._text(params))

    def _send_photo(self, params: Json, files: Mapping[str, bytes]) -> object:
        content = self._caption(params)
        content["photo"] = self._photo(params["photo"], files)
        return self._send(params, content)

    def _send(self, params: Json, content: Json) -> Json:
        markup = check_markup(params.get("reply_markup"))
        chat = self._state.open_chat(params["chat_id"])
        thread_id = params.get("message_thread_id")
        self._check_topic(chat, thread_id)
        replied = self._reply_target(chat, params.get("reply_parameters"))
        if replied is not None and thread_id is None:
            thread_id = replied.message_thread_id  # A reply stays in the topic of its message.
        message = self._state.post(
            chat,
            self._state.bot,
            **content,
            reply_markup=markup,
            reply_to_message_id=replied.message_id if replied else None,
            message_thread_id=thread_id,
        )
        return self._state.message_json(message)

    def _check_topic(self, chat: FakeChat, thread_id: int | None) -> None:
        is_general = thread_id == GENERAL_TOPIC_ID  # Telegram refuses to name the general topic.
        if thread_id is not None and (is_general or thread_id not in chat.topics):
            raise bad_request("message thread not found")

    def _reply_target(self, chat: FakeChat, reply: Json | None) -> FakeMessage | None:
        if reply is None:
            return None
        source = self._state.open_chat(reply["chat_id"]) if "chat_id" in reply else chat
        message = self._state.message(source.id, reply["message_id"])
        if message is None and not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        return message if source is chat else None

    def _text(self, params: Json) -> Json:
        text, entities = formatted(
            params["text"], params.get("parse_mode"), params.get("entities")
        )
        if is_invisible(text):
            raise bad_request("message text is empty")
        if utf16_length(text) > MAX_TEXT:
            raise bad_request("message is too long")
        options = {
            name: params[name]
            for name in ("disable_notification", "protect_content", "link_preview_options")
            if name in params
        }
        return {"text": text, "entities": self._mentions(entities), "options": options}

    def _caption(self, params: Json) -> Json:
        caption, entities = formatted(
            params.get("caption", ""), params.get("parse_mode"), params.get("caption_entities")
        )
        if utf16_length(caption) > MAX_CAPTION:
            raise bad_request("message caption is too long")
        names = (
            "disable_notification",
            "protect_content",
            "show_caption_above_media",
            "has_spoiler",
        )
        options = {name: params[name] for name in names if name in params}
        return {
            "caption": caption or None,
            "entities": self._mentions(entities),
            "options": options,
        }

    def _mentions(self, entities: list[Json]) -> tuple[Json, ...]:
        """Turn links to people into mentions; unknown people are dropped as in Telegram."""
        found = []
        for entity in entities:
            address = re.fullmatch(r"tg://user\?id=(\d+)", entity.get("url", ""))
            if address is None:
                found.append(entity)
            elif person := self._state.people.get(int(address[1])):
                place = {name: entity[name] for name in ("offset", "length")}
                found.append({"type": "text_mention", **place, "user": person})
        return tuple(found)

    def _photo(self, photo: object, files: Mapping[str, bytes]) -> Photo:
        if isinstance(photo, str) and photo.startswith("attach://"):
            attached = files.get(photo.removeprefix("attach://"))
            if attached is None:
                raise bad_request("there is no photo in the request")
            photo = attached
        if isinstance(photo, bytes):
            found = read_photo(photo)
            return self._state.photos.setdefault(found.file_id, found)
        if photo in self._state.photos:
            return self._state.photos[str(photo)]
        if str(photo).startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")  # Nothing here may fetch it.
        raise bad_request("wrong file identifier/HTTP URL specified")

    def _editable(self, params: Json) -> FakeMessage:
        chat = self._state.open_chat(params["chat_id"])
        message = self._state.message(chat.id, params["message_id"])
        if message is None:
            raise bad_request("message to edit not found")
        has_other_markup = message.reply_markup is not None and not message.keyboard
        if not message.is_from_bot or has_other_markup or message.service:
            raise bad_request("message can't be edited")
        return message

    def _edit(self, message: FakeMessage, markup: Json | None, **content: Any) -> Json:
        """Store the new version. As in Telegram, an edit without markup removes the keyboard."""
        content["reply_markup"] = check_markup(markup)
        if "options" in content:
            content["options"] = message.options | content["options"]
        if all(getattr(message, name) == value for name, value in content.items()):
            raise bad_request(_NOT_MODIFIED)
        return self._state.message_json(self._state.edit(message, **content))

    def _edit_text(self, params: Json, _files: Mapping[str, bytes]) -> object:
        content = self._text(params)
        message = self._editable(params)
        if message.text is None:
            raise bad_request("there is no text in the message to edit")
        return self._edit(message, params.get("reply_markup"), **content)

    def _edit_caption(self, params: Json, _files: Mapping[str, bytes]) -> object:
        content = self._caption(params)
        message = self._editable(params)
        if message.photo is None:
            raise bad_request("there is no caption in the message to edit")
        return self._edit(message, params.get("reply_markup"), **content)

    def _edit_media(self, params: Json, files: Mapping[str, bytes]) -> object:
        content = self._caption(params["media"])
        content["photo"] = self._photo(params["media"]["media"], files)
        message = self._editable(params)
        return self._edit(message, params.get("reply_markup"), text=None, **content)

    def _edit_markup(self, params: Json, _files: Mapping[str, bytes]) -> object:
        return self._edit(self._editable(params), params.get("reply_markup"))

    def _answer_press(self, params: Json, _files: Mapping[str, bytes]) -> object:
        press = self._state.presses.get(params["callback_query_id"])
        if press is None or press.is_expired or press.answer is not None:
            raise bad_request(_QUERY_TOO_OLD)
        text = params.get("text", "")
        if utf16_length(text) > MAX_ANSWER:
            raise bad_request("MESSAGE_TOO_LONG")
        press.answer = Answer(text, params.get("show_alert", False))
        return True

    def _delete_message(self, params: Json, _files: Mapping[str, bytes]) -> object:
        chat = self._state.open_chat(params["chat_id"])
        message = self._state.message(chat.id, params["message_id"])
        if message is None:
            raise bad_request("message to delete not found")
        if not message.is_from_bot and chat.kind != "private" and not chat.bot_is_admin:
            raise bad_request("message can't be deleted")
        self._state.deleted.add((chat.id, message.message_id))
        return True

    def _pin_message(self, params: Json, _files: Mapping[str, bytes]) -> object:
        chat = self._state.open_chat(params["chat_id"])
        if self._state.message(chat.id, params["message_id"]) is None:
            raise bad_request("message to pin not found")
        if chat.kind != "private" and not chat.bot_is_admin:
            raise bad_request("not enough rights to manage pinned messages in the chat")
        chat.pinned = [each for each in chat.pinned if each != params["message_id"]]
        chat.pinned.append(params["message_id"])
        return True

    def _get_chat(self, params: Json, _files: Mapping[str, bytes]) -> object:
        chat = self._state.open_chat(params["chat_id"])
        gifts = ("unlimited", "limited", "unique")
        found = chat.to_json() | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys([f"{gift}_gifts" for gift in gifts], False)
            | {"premium_subscription": False, "gifts_from_channels": False},
        }
        pinned = [self._state.message(chat.id, each) for each in chat.pinned]
        if shown := [message for message in pinned if message is not None]:
            found["pinned_message"] = self._state.message_json(shown[-1])
        return found

    def _delete_webhook(self, params: Json, _files: Mapping[str, bytes]) -> object:
        if params.get("drop_pending_updates"):
            self._state.updates.clear()
        return True

    def _set_commands(self, params: Json, _files: Mapping[str, bytes]) -> object:
        if len(params["commands"]) > MAX_COMMANDS:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        for command in params["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= utf16_length(command["description"]) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        scope = params.get("scope", {"type": "default"})
        if "chat_id" in scope:
            self._state.open_chat(scope["chat_id"])
        key = json.dumps([scope, params.get("language_code", "")], sort_keys=True)
        self._state.commands[key] = params["commands"]
        return True
