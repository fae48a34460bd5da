"""The Bot API methods Fengsheng uses, their parameters, and the strict reading of a request.

Written by hand from the Bot API manual. It is stricter than Telegram on purpose: a parameter that
is not listed is refused, because a mistyped name would otherwise be ignored without a word.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.fakes.telegram_types import ApiError, Json, bad_request


@dataclass(frozen=True, slots=True)
class Parameter:
    """One accepted field; ``missing`` is Telegram's complaint when a required one is absent."""

    name: str
    types: tuple[str, ...]
    is_required: bool = False
    missing: str = ""


def _must(name: str, *types: str, missing: str = "") -> Parameter:
    complaint = missing or f'parameter "{name}" is required'
    return Parameter(name, types, is_required=True, missing=complaint)


def _may(name: str, *types: str) -> Parameter:
    return Parameter(name, types)


_CHAT = _must("chat_id", "Integer", "String", missing="chat_id is empty")
_MESSAGE = _must("message_id", "Integer", missing="message identifier is not specified")
_TEXT = _must("text", "String", missing="message text is empty")
_PHOTO = _must("photo", "InputFile", "String", missing="there is no photo in the request")
_MEDIA = _must("media", "InputMedia", missing="can't parse InputMedia: media not found")
_INLINE_MARKUP = _may("reply_markup", "InlineKeyboardMarkup")
_SEND_OPTIONS = (
    _may("message_thread_id", "Integer"),
    _may("parse_mode", "String"),
    _may("disable_notification", "Boolean"),
    _may("protect_content", "Boolean"),
    _may("reply_parameters", "ReplyParameters"),
    _may("reply_markup", "InlineKeyboardMarkup", "ReplyKeyboardRemove", "ForceReply"),
)
_CAPTION = (
    _may("caption", "String"),
    _may("caption_entities", "Array of MessageEntity"),
    _may("show_caption_above_media", "Boolean"),
)
_TEXT_OPTIONS = (
    _may("entities", "Array of MessageEntity"),
    _may("link_preview_options", "LinkPreviewOptions"),
)

METHODS: dict[str, tuple[Parameter, ...]] = {
    "getMe": (),
    "getUpdates": (
        _may("offset", "Integer"),
        _may("limit", "Integer"),
        _may("timeout", "Integer"),
        _may("allowed_updates", "Array of String"),
    ),
    "sendMessage": (_CHAT, _TEXT, *_TEXT_OPTIONS, *_SEND_OPTIONS),
    "sendPhoto": (_CHAT, _PHOTO, *_CAPTION, _may("has_spoiler", "Boolean"), *_SEND_OPTIONS),
    "editMessageText": (
        _CHAT,
        _MESSAGE,
        _TEXT,
        _may("parse_mode", "String"),
        *_TEXT_OPTIONS,
        _INLINE_MARKUP,
    ),
    "editMessageCaption": (
        _CHAT,
        _MESSAGE,
        _may("parse_mode", "String"),
        *_CAPTION,
        _INLINE_MARKUP,
    ),
    "editMessageMedia": (_CHAT, _MESSAGE, _MEDIA, _INLINE_MARKUP),
    "editMessageReplyMarkup": (_CHAT, _MESSAGE, _INLINE_MARKUP),
    "answerCallbackQuery": (
        _must("callback_query_id", "String"),
        _may("text", "String"),
        _may("show_alert", "Boolean"),
        _may("cache_time", "Integer"),
    ),
    "deleteMessage": (_CHAT, _MESSAGE),
    "pinChatMessage": (_CHAT, _MESSAGE, _may("disable_notification", "Boolean")),
    "getChat": (_CHAT,),
    "deleteWebhook": (_may("drop_pending_updates", "Boolean"),),
    "setMyCommands": (
        _must("commands", "Array of BotCommand"),
        _may("scope", "BotCommandScope"),
        _may("language_code", "String"),
    ),
}

OBJECTS: dict[str, tuple[Parameter, ...]] = {
    "MessageEntity": (
        _must("type", "String"),
        _must("offset", "Integer"),
        _must("length", "Integer"),
        _may("url", "String"),
        _may("user", "User"),
        _may("language", "String"),
        _may("custom_emoji_id", "String"),
    ),
    "User": (
        _must("id", "Integer"),
        _must("is_bot", "Boolean"),
        _must("first_name", "String"),
        _may("last_name", "String"),
        _may("username", "String"),
        _may("language_code", "String"),
    ),
    "LinkPreviewOptions": (
        _may("is_disabled", "Boolean"),
        _may("url", "String"),
        _may("prefer_small_media", "Boolean"),
        _may("prefer_large_media", "Boolean"),
        _may("show_above_text", "Boolean"),
    ),
    "ReplyParameters": (
        _must("message_id", "Integer"),
        _may("chat_id", "Integer", "String"),
        _may("allow_sending_without_reply", "Boolean"),
    ),
    "InlineKeyboardMarkup": (_must("inline_keyboard", "Array of Array of InlineKeyboardButton"),),
    "InlineKeyboardButton": (
        _must("text", "String"),
        _may("style", "String"),
        _may("url", "String"),
        _may("callback_data", "String"),
        _may("copy_text", "CopyTextButton"),
        _may("switch_inline_query", "String"),
        _may("switch_inline_query_current_chat", "String"),
    ),
    "CopyTextButton": (_must("text", "String"),),
    "ReplyKeyboardRemove": (_must("remove_keyboard", "Boolean"), _may("selective", "Boolean")),
    "ForceReply": (
        _must("force_reply", "Boolean"),
        _may("input_field_placeholder", "String"),
        _may("selective", "Boolean"),
    ),
    "InputMediaPhoto": (
        _must("type", "String"),
        _must("media", "String"),
        _may("parse_mode", "String"),
        *_CAPTION,
        _may("has_spoiler", "Boolean"),
    ),
    "BotCommand": (_must("command", "String"), _must("description", "String")),
    "BotCommandScopeDefault": (_must("type", "String"),),
    "BotCommandScopeAllPrivateChats": (_must("type", "String"),),
    "BotCommandScopeAllGroupChats": (_must("type", "String"),),
    "BotCommandScopeAllChatAdministrators": (_must("type", "String"),),
    "BotCommandScopeChat": (_must("type", "String"), _must("chat_id", "Integer", "String")),
    "BotCommandScopeChatAdministrators": (
        _must("type", "String"),
        _must("chat_id", "Integer", "String"),
    ),
    "BotCommandScopeChatMember": (
        _must("type", "String"),
        _must("chat_id", "Integer", "String"),
        _must("user_id", "Integer"),
    ),
}

# A union type and the value of "type" that chooses its member.
CHOICES: dict[str, dict[str, str]] = {
    "InputMedia": {"photo": "InputMediaPhoto"},
    "BotCommandScope": {
        "default": "BotCommandScopeDefault",
        "all_private_chats": "BotCommandScopeAllPrivateChats",
        "all_group_chats": "BotCommandScopeAllGroupChats",
        "all_chat_administrators": "BotCommandScopeAllChatAdministrators",
        "chat": "BotCommandScopeChat",
        "chat_administrators": "BotCommandScopeChatAdministrators",
        "chat_member": "BotCommandScopeChatMember",
    },
}

# A kind of reply markup and the field that only it has.
_MARKUP_MARKS = {
    "InlineKeyboardMarkup": "inline_keyboard",
    "ReplyKeyboardRemove": "remove_keyboard",
    "ForceReply": "force_reply",
}
_SCALARS = {"Integer", "String", "Boolean", "InputFile"}


def read_parameters(method: str, raw: Mapping[str, object], files: Mapping[str, bytes]) -> Json:
    """Return the typed parameters of a request, refusing unknown, missing and mistyped ones.

    ``raw`` holds strings from a form or native values from JSON. A file uploaded under the name
    of its parameter comes back as bytes; other files must be named by an ``attach://`` address.
    """
    accepted = {parameter.name: parameter for parameter in METHODS[method]}
    for name in raw:
        if name not in accepted:
            raise bad_request(f'unexpected parameter "{name}" in {method}')
    attached = [name for name in files if not _takes_file(accepted.get(name))]
    for name in attached:
        if f"attach://{name}" not in str(list(raw.values())):
            raise bad_request(f'unexpected file "{name}" in {method}')
    found: Json = {}
    for name, parameter in accepted.items():
        if name in files and _takes_file(parameter):
            found[name] = files[name]
        elif raw.get(name) is not None and not (parameter.is_required and raw[name] == ""):
            found[name] = _read(raw[name], parameter, is_form_allowed=True)
        elif parameter.is_required:
            raise bad_request(parameter.missing)
    return found


def _takes_file(parameter: Parameter | None) -> bool:
    return parameter is not None and "InputFile" in parameter.types


def _read(value: object, parameter: Parameter, *, is_form_allowed: bool) -> object:
    compound = tuple(kind for kind in parameter.types if kind not in _SCALARS)
    if compound:
        if is_form_allowed and isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise bad_request(f"can't parse {parameter.name} JSON object") from None
        return _read_compound(value, compound, parameter.name)
    if "Integer" in parameter.types:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if is_form_allowed and isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value):
            return int(value)
    if "Boolean" in parameter.types:
        if isinstance(value, bool):
            return value
        if is_form_allowed and value in {"true", "false"}:
            return value == "true"
    if "String" in parameter.types and isinstance(value, str):
        return value
    raise bad_request(
        f'parameter "{parameter.name}" must be of type {" or ".join(parameter.types)}'
    )


def _read_compound(value: object, kinds: tuple[str, ...], name: str) -> object:
    kind = kinds[0]
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            raise bad_request(f"can't parse {name}: expected an Array")
        inner = Parameter(name, (kind.removeprefix("Array of "),))
        return [_read(item, inner, is_form_allowed=False) for item in value]
    if not isinstance(value, dict):
        raise bad_request(f"can't parse {name}: object expected as {kind}")
    if name == "reply_markup":
        known = [each for each in _MARKUP_MARKS if _MARKUP_MARKS[each] in value]
        if len(known) != 1:
            raise bad_request("can't parse reply keyboard markup JSON object")
        if known[0] not in kinds:
            raise bad_request("inline keyboard expected")
        kind = known[0]
    if kind in CHOICES:
        choice = CHOICES[kind].get(str(value.get("type")))
        if choice is None:
            raise bad_request(f"can't parse {kind}: unsupported type specified")
        kind = choice
    return _read_object(value, kind)


def _read_object(value: Json, kind: str) -> Json:
    accepted = {parameter.name: parameter for parameter in OBJECTS[kind]}
    found: Json = {}
    for name in value:
        if name not in accepted:
            raise bad_request(f'unexpected field "{name}" in {kind}')
    for name, parameter in accepted.items():
        if value.get(name) is not None:
            try:
                found[name] = _read(value[name], parameter, is_form_allowed=False)
            except ApiError as error:
                reason = error.description.removeprefix("Bad Request: ")
                if not reason.startswith("parameter"):
                    raise  # The object inside has named itself.
                raise bad_request(f"can't parse {kind}: {reason}") from None
        elif parameter.is_required:
            raise bad_request(f'can\'t parse {kind}: field "{name}" must be given')
    return found
