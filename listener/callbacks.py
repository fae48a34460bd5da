"""Signed button data, at most 64 bytes: what a press asks for, and on which exact text.

``action:id:hash:mac`` — the action's letter, the object's id in base 36, the first twelve hex
digits of the text that was shown (empty where no text is decided on), and twelve characters of an
HMAC-SHA256 over these and the chat. A press that was not made from our own button is refused.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from listener.errors import NotAllowed

MAX_BYTES = 64
HASH_DIGITS = 12
_MAC_CHARS = 12
_LETTERS = {
    "claim": "c",
    "mute": "m",
    "draft": "d",
    "approve": "a",
    "reject": "r",
    "edit": "e",
    "changes": "q",
    "emergency": "x",
    "more": "k",
    "back": "b",
    "false_alarm": "f",
    "not_ours": "n",
    "feeling": "s",
    "not_this": "t",
    "which": "w",
    "negative": "1",
    "neutral": "2",
    "positive": "3",
    "close_false": "z",
    "take_back": "u",
    "finish": "y",
    "override": "o",
}
_ACTIONS = {letter: action for action, letter in _LETTERS.items()}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Press:
    """What a pressed button asks for."""

    action: str
    object_id: int
    content_hash: str


def sign(key: bytes, chat: str, action: str, object_id: int, content_hash: str | None) -> str:
    """Return the data of a button in ``chat``."""
    plain = f"{_LETTERS[action]}:{_base36(object_id)}:{(content_hash or '')[:HASH_DIGITS]}"
    return f"{plain}:{_mac(key, chat, plain)}"


def verify(key: bytes, chat: str, data: str) -> Press:
    """Return what the button asks for. Raises ``NotAllowed`` unless we made it for this chat."""
    plain, _, mac = data.rpartition(":")
    if not hmac.compare_digest(_mac(key, chat, plain).encode(), mac.encode("utf-8", "replace")):
        raise NotAllowed("this button was not made here", code="bad_button")
    letter, number, content_hash = plain.split(":")
    return Press(_ACTIONS[letter], int(number, 36), content_hash)


def _mac(key: bytes, chat: str, plain: str) -> str:
    digest = hmac.new(
        key, f"{chat}\x1f{plain}".encode("utf-8", "replace"), hashlib.sha256
    ).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_MAC_CHARS]


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if number == 0:
            return digits
