"""The HTML mode of Telegram messages: strict parsing into text and entities, and back.

Offsets of entities are in UTF-16 code units, offsets in complaints are bytes of the UTF-8 source,
both as in Telegram. Where Telegram silently repairs (unknown attributes, formatting inside code,
unknown entities), this parser refuses: each of those is a mistake in what was sent.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.fakes.telegram_types import ApiError, Json, bad_request

MAX_ENTITIES = 100  # Telegram keeps the first hundred and drops the rest without a word.

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_ATTRIBUTES = {
    "a": "href",
    "code": "class",
    "span": "class",
    "tg-emoji": "emoji-id",
    "blockquote": "expandable",
}
_INSIDE = r"""(?:[^>"']|"[^"]*"|'[^']*')*"""
_TOKEN = re.compile(rf"<{_INSIDE}>?|&[^;&<\s]{{0,10}};?|[^<&]+")
_START = re.compile(rf"<([^\s>]*)((?:\s{_INSIDE})?)>")
_NAME = re.compile(r"^<([^\s>]*)")
_ATTRIBUTE = re.compile(r"""\s+([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[A-Za-z0-9.-]+))?""")
_NAMED = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
_NUMERIC = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
# Bidirectional and line-separating controls that Telegram takes out, and the ones it blanks.
_REMOVED = dict.fromkeys([0x0D, *range(0x2028, 0x202F)])
_BLANKED = {code: " " for code in range(32) if code not in {0x0A, 0x0D}}


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    starts_at: int
    starts_in: int


def utf16_length(text: str) -> int:
    """Return the length Telegram counts: UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Return text and entities of a message in HTML mode.

    Raises ApiError ``can't parse entities: ...`` with the byte offset of the first mistake.
    """
    parser = _Parser(source)
    try:
        return parser.parse()
    except ValueError as error:
        raise bad_request(f"can't parse entities: {error}") from None


def is_invisible(text: str) -> bool:
    """Tell whether nothing of the text can be seen: white space and format characters only."""
    return all(each.isspace() or unicodedata.category(each) == "Cf" for each in text)


def check_entities(text: str, entities: Iterable[Json]) -> list[Json]:
    """Return caller-made entities in order, refusing those that point outside the text."""
    length = utf16_length(text)
    found = sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))
    for entity in found:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        if begin < 0 or entity["length"] <= 0 or end > length:
            raise bad_request(f"can't parse entities: entity {begin}–{end} is outside the text")
    return found


def trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Return text and entities as Telegram stores them: cleaned, without outer white space."""
    text = text.translate(_BLANKED)
    kept = text.rstrip(" \n")
    end = utf16_length(kept)
    first = min((entity["offset"] for entity in entities), default=len(kept))
    cut = min(len(kept) - len(kept.lstrip(" \n")), first)
    found = []
    for entity in entities[:MAX_ENTITIES]:
        length = min(entity["length"], end - entity["offset"])
        if length > 0:
            found.append({**entity, "offset": entity["offset"] - cut, "length": length})
    return kept[cut:], found


def check_link(url: str, *, allow_tg: bool = True) -> str:
    """Return the address as Telegram keeps it; raise ValueError with Telegram's reason.

    A host without a dot, such as ``localhost``, is refused as in Telegram.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ValueError("Wrong HTTP URL") from None
    if parts.scheme == "tg" and allow_tg and host:
        return url
    if parts.scheme not in {"http", "https"}:
        raise ValueError("Unsupported URL protocol")
    if not host or re.search(r"\s", url) or not ("." in host or ":" in host):
        raise ValueError("Wrong HTTP URL")
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/").geturl()


def to_html(text: str, entities: Iterable[Json]) -> str:
    """Return a message as escaped HTML for the control page."""
    units = text.encode("utf-16-le")
    marks: dict[int, list[str]] = {}
    for entity in sorted(entities, key=lambda each: (each["offset"], -each["length"])):
        opening, closing = _page_tags(entity)
        marks.setdefault(entity["offset"], []).append(opening)
        marks.setdefault(entity["offset"] + entity["length"], []).insert(0, closing)
    pieces, last = [], 0
    for offset in sorted(marks):
        pieces.append(html.escape(units[2 * last : 2 * offset].decode("utf-16-le", "replace")))
        ordered = sorted(marks[offset], key=lambda tag: not tag.startswith("</"))
        pieces.extend(ordered)
        last = offset
    pieces.append(html.escape(units[2 * last :].decode("utf-16-le", "replace")))
    return "".join(pieces)


def _page_tags(entity: Json) -> tuple[str, str]:
    kind = entity["type"]
    if kind == "text_link":
        url = html.escape(entity["url"])
        return f'<a href="{url}" rel="noreferrer noopener" target="_blank">', "</a>"
    names = {
        "bold": "b",
        "italic": "i",
        "underline": "u",
        "strikethrough": "s",
        "code": "code",
        "pre": "pre",
        "blockquote": "blockquote",
        "expandable_blockquote": "blockquote",
    }
    name = names.get(kind, "span")
    return f"<{name}>", f"</{name}>"


class _Parser:
    """One pass over the source; a complaint is a ValueError that names the byte offset."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[str] = []
        self.offset = 0
        self.open: list[_Open] = []
        self.entities: list[Json] = []

    def parse(self) -> tuple[str, list[Json]]:
        for token in _TOKEN.finditer(self.source):
            at = token.start()
            if token[0].startswith("</"):
                self._end(token[0], at)
            elif token[0].startswith("<"):
                self._start(token[0], at)
            elif token[0].startswith("&"):
                self._add(self._character(token[0], at))
            else:
                self._add(token[0])
        if self.open:
            raise ValueError(
                f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"'
            )
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.pieces), self.entities

    def _bytes(self, at: int) -> str:
        return f"at byte offset {len(self.source[:at].encode())}"

    def _add(self, text: str) -> None:
        cleaned = text.translate(_REMOVED)
        self.pieces.append(cleaned)
        self.offset += utf16_length(cleaned)

    def _character(self, token: str, at: int) -> str:
        if token in _NAMED:
            return _NAMED[token]
        number = _NUMERIC.fullmatch(token)
        code = int(number[1], 16) if number and number[1] else int(number[2]) if number else 0
        if not 0 < code < 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ValueError(f'Unsupported entity "{token}" {self._bytes(at)}')
        return chr(code)

    def _start(self, token: str, at: int) -> None:
        matched = _START.fullmatch(token)
        name = _NAME.findall(token)[0].lower()
        if name not in _TYPES and len(token) > 1 + len(name):
            raise ValueError(f'Unsupported start tag "{name}" {self._bytes(at)}')
        if matched is None:
            raise ValueError(f"Unclosed start tag {self._bytes(at)}")
        argument = self._argument(name, matched[2], at)
        self._check_nesting(name, at)
        if name == "span" and argument != "tg-spoiler":
            raise ValueError(f'Tag "span" must have class "tg-spoiler" {self._bytes(at)}')
        if name == "tg-emoji" and not argument.isdigit():
            raise ValueError(f"Invalid custom emoji identifier specified {self._bytes(at)}")
        self.open.append(_Open(name, argument, self.offset, len(self.pieces)))

    def _argument(self, name: str, source: str, at: int) -> str:
        if not source.strip():
            return ""
        matched = _ATTRIBUTE.fullmatch(source.rstrip())
        if matched is None or matched[1] != _ATTRIBUTES.get(name):
            raise ValueError(
                f'Unexpected attributes {source.strip()!r} in the tag "{name}" {self._bytes(at)}'
            )
        if name == "blockquote":
            return "expandable"
        value = matched[2] or ""
        value = value[1:-1] if value[:1] in {'"', "'"} else value
        return re.sub(r"&[^;&\s]{0,10};?", lambda each: self._character(each[0], at), value)

    def _check_nesting(self, name: str, at: int) -> None:
        outer = [each.tag for each in self.open]
        if "code" in outer or ("pre" in outer and not (name == "code" and outer[-1] == "pre")):
            raise ValueError(f'Tag "{name}" inside code is dropped {self._bytes(at)}')
        if name == "blockquote" and "blockquote" in outer:
            raise ValueError(f"Block quotes can't be nested {self._bytes(at)}")

    def _end(self, token: str, at: int) -> None:
        if not self.open:
            raise ValueError(f"Unexpected end tag {self._bytes(at)}")
        if not token.endswith(">"):
            raise ValueError(f"Unclosed end tag {self._bytes(at)}")
        name, opened = token[2:-1].rstrip().lower(), self.open[-1]
        if name != opened.tag:
            raise ValueError(
                f'Unmatched end tag {self._bytes(at)}, expected "</{opened.tag}>", '
                f'found "</{name}>"'
            )
        self.open.pop()
        entity = self._entity(opened)
        if entity["length"] > 0:
            self._keep(entity, opened)

    def _entity(self, opened: _Open) -> Json:
        return {
            "type": _TYPES[opened.tag],
            "offset": opened.starts_at,
            "length": self.offset - opened.starts_at,
        }

    def _keep(self, entity: Json, opened: _Open) -> None:
        place = (entity["offset"], entity["length"])
        if opened.tag == "a":
            address = opened.argument or "".join(self.pieces[opened.starts_in :])
            try:
                entity["url"] = check_link(address)
            except ValueError:
                return  # Telegram keeps the text and drops the link.
        elif opened.tag == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.argument
        elif opened.tag == "code" and opened.argument.startswith("language-"):
            if self.open and self.open[-1].tag == "pre":
                entity |= {"type": "pre", "language": opened.argument.removeprefix("language-")}
        elif opened.tag == "pre" and self.entities:
            inner = self.entities[-1]
            if (inner["offset"], inner["length"]) == place and inner["type"] == "pre":
                return  # The language came with the code tag inside.
        self.entities.append(entity)


def formatted(
    text: str, parse_mode: str | None, entities: list[Json] | None
) -> tuple[str, list[Json]]:
    """Return text and entities of a request as Telegram would store them."""
    if parse_mode is not None and entities is not None:
        raise bad_request("entities are ignored when parse_mode is given; send one of them")
    if parse_mode is None:
        cleaned = text.translate(_REMOVED)
        return trim(cleaned, check_entities(cleaned, entities or []))
    if parse_mode.upper() != "HTML":
        raise ApiError(400, "Bad Request: unsupported parse_mode")
    return trim(*parse_html(text))
