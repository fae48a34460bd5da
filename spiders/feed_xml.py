"""Make the XML of real feeds readable: unpack, mend what is commonly broken, refuse attacks.

Works on text only; resolves no entity that lies outside the document and asks for nothing.
"""

import gzip
import io
import re
import zlib
from dataclasses import dataclass
from html.entities import html5
from itertools import islice

MAX_UNPACKED_BYTES = 32_000_000
MAX_EXPANSION_CHARS = 1_000_000
MAX_ENTITY_CHARS = 1_000
MAX_DOCTYPE_CHARS = 100_000
MAX_DEPTH = 10_000
# How far the first element may be from the start: warnings of the server's program come before it.
MAX_JUNK_CHARS = 20_000
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FIRST_ELEMENT = re.compile(r"<([A-Za-z_][\w.-]*(?::[\w.-]+)?)(?=[\s/>])")
_FEED_ROOT = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?(?:rss|feed|RDF))(?=[\s/>])", re.IGNORECASE)
_ENTITY = re.compile(
    r"<!ENTITY\s+(%\s+)?([\w.:-]{1,80})\s+(?:(SYSTEM|PUBLIC)|\"([^\"]*)\"|'([^']*)')"
)
_REFERENCE = re.compile(
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z))"
    r"|&(?:#([0-9]{1,8}|[xX][0-9a-fA-F]{1,8});|([A-Za-z][A-Za-z0-9._-]{0,39});)?",
    re.DOTALL,
)
_PREFIX = re.compile(r"(?:</?|\s)([A-Za-z_][\w.-]{0,40}):[A-Za-z_][\w.-]*(?=[\s/>=])")
_BOUND = re.compile(r"\sxmlns:([A-Za-z_][\w.-]*)\s*=")
_ITEM_END = re.compile(r"</(?:[A-Za-z_][\w.-]*:)?(?:item|entry)\s*>", re.IGNORECASE)
_ITEM_START = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?(?:item|entry)(?=[\s>])", re.IGNORECASE)
_CHANNEL_START = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?channel)(?=[\s>])", re.IGNORECASE)
_TAG = re.compile(r"<(/?)[A-Za-z_][^<>]*?(/?)>")
_PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})


class Refused(ValueError):
    """The document is built to exhaust its reader; the message says how."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A feed's XML that a parser can read. ``is_cut``: its end was missing."""

    xml: str
    is_cut: bool


_LONG_NAME = re.compile(
    r"(<(?:\w{1,20}:)?(?:author|managingEditor|webMaster|creator|publisher|name|email|contributor)"
    r"\b[^<>]{0,200}>(?:<!\[CDATA\[)?[^<>\]]{500})[^<>\]]+",
    re.IGNORECASE,
)


def unpack(body: bytes) -> bytes:
    """Return a gzip body unpacked; other bodies, and what is only half gzip, as far as they go.

    Raises ``Refused`` for a body that unpacks to more than ``MAX_UNPACKED_BYTES``.
    """
    if not body.startswith(b"\x1f\x8b"):
        return body
    parts: list[bytes] = []
    size_bytes = 0
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
        while size_bytes <= MAX_UNPACKED_BYTES:
            try:
                part = stream.read1(65_536)
            except (OSError, EOFError, zlib.error):
                break
            if not part:
                break
            parts.append(part)
            size_bytes += len(part)
    if size_bytes > MAX_UNPACKED_BYTES:
        raise Refused(f"a gzip body of more than {MAX_UNPACKED_BYTES / 1e6:.0f} MB unpacked")
    return b"".join(parts)


def root_of(text: str) -> str | None:
    """Return the name of the first element as written, None if there is none near the start."""
    found = _FIRST_ELEMENT.search(_without_comments(text[:MAX_JUNK_CHARS]))
    return found[1] if found else None


def _without_comments(text: str) -> str:
    parts = []
    begin = 0
    while (opened := text.find("<!--", begin)) >= 0:
        parts.append(text[begin:opened])
        closed = text.find("-->", opened + 4)
        if closed < 0:
            return "".join(parts)
        begin = closed + 3
    return "".join([*parts, text[begin:]])


def feed_start(text: str) -> int | None:
    """Return where a feed's root element begins, None if the text is no feed.

    The root may come after what a server's program printed before it, but not inside a page.
    """
    first = root_of(text) or ""
    root = _FEED_ROOT.search(text[:MAX_JUNK_CHARS], text.find(f"<{first}") if first else 0)
    if root is None:
        return None
    if first.lower() in ("html", "head", "body", "svg", "script"):
        return None
    return root.start()


def mend(text: str, start: int, *, most_items: int = 2_000) -> Mended:
    """Return the feed whose root begins at ``start`` as XML that a strict parser can mostly read.

    Illegal characters vanish, HTML's entities become characters, bare ampersands are escaped,
    undeclared prefixes are declared, the declarations before the root are dropped, and a feed that
    was cut off ends after its last whole item; so does one with more than ``most_items``. Raises
    ``Refused`` for entity expansion and for elements nested without end.
    """
    entities = _entities(_doctype(text[:start]))
    body = _ILLEGAL.sub("", text[start:])
    body = _with_references(body, entities)
    body = _with_prefixes(body)
    _check_depth(body)
    return _ended(body, most_items)


def _doctype(head: str) -> str:
    """Return the internal subset of the document type declaration, or an empty string."""
    begin = head.find("<!DOCTYPE")
    opened = head.find("[", begin) if begin >= 0 else -1
    if opened < 0:
        return ""
    if len(head) - opened > MAX_DOCTYPE_CHARS:
        raise Refused("a document type declaration of unreasonable size")
    return head[opened:]


def _entities(subset: str) -> dict[str, str]:
    """Return the harmless entities of a document type declaration.

    Those outside the document read as nothing; those made of others are refused.
    """
    found: dict[str, str] = {}
    for parameter, name, external, double, single in _ENTITY.findall(_without_comments(subset)):
        value = double or single
        if external:
            found[name] = ""
            continue
        nested = re.findall(r"&(?!#)([^;]*);|%[\w.-]+;", value)
        if parameter or len(value) > MAX_ENTITY_CHARS or set(nested) - _PREDEFINED:
            raise Refused(f"entity expansion: '{name[:40]}' is refused")
        found[name] = value.replace("<", "&lt;")
    return found


def _with_references(text: str, entities: dict[str, str]) -> str:
    grown = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal grown
        verbatim, number, name = found.groups()
        if verbatim is not None:
            return verbatim
        if number is not None:
            return _character(number)
        if name is None:
            return "&amp;"
        if name in _PREDEFINED:
            return f"&{name};"
        if name in entities:
            grown += len(entities[name])
            if grown > MAX_EXPANSION_CHARS:
                raise Refused(f"entity expansion: '{name[:40]}' is used too often")
            return entities[name]
        known = html5.get(f"{name};")
        return known.replace("&", "&amp;").replace("<", "&lt;") if known else f"&amp;{name};"

    return _REFERENCE.sub(replaced, text)


def _character(number: str) -> str:
    code = int(number[1:], 16) if number[0] in "xX" else int(number)
    is_legal = code <= 0x10FFFF and not _ILLEGAL.match(chr(code))
    return f"&#{code};" if is_legal else ""


def _with_prefixes(text: str) -> str:
    """Declare the prefixes that are used and not declared, on the root element."""
    missing = sorted(set(_PREFIX.findall(text)) - set(_BOUND.findall(text)) - {"xml", "xmlns"})
    if not missing or len(missing) > 50:
        return text
    root = _FEED_ROOT.match(text)
    if root is None:
        return text
    declared = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in missing)
    return f"{text[: root.end()]}{declared}{text[root.end() :]}"


def _check_depth(text: str) -> None:
    """Refuse what makes parsers quadratic; unclosed ``<br>`` of real feeds stay far below."""
    depth = 0
    for slash, closed in _TAG.findall(text):
        depth += -1 if slash else 0 if closed else 1
        if depth > MAX_DEPTH:
            raise Refused(f"elements nested deeper than {MAX_DEPTH}")


def _ended(text: str, most_items: int) -> Mended:
    """Close a feed that was cut off, or that goes on for too long, after its last whole item."""
    root = _FEED_ROOT.match(text)
    if root is None:
        return Mended(text, is_cut=False)
    name = root[1]
    ends = list(re.finditer(rf"</{re.escape(name)}\s*>", text, re.IGNORECASE))
    whole = [found.end() for found in islice(_ITEM_END.finditer(text), most_items + 1)]
    if ends and len(whole) <= most_items:
        return Mended(text[: ends[-1].end()], is_cut=False)
    if re.match(r"[^<>]*/>", text[root.end() :]):
        return Mended(text, is_cut=False)
    begun = _ITEM_START.search(text)
    kept = text[: whole[:most_items][-1]] if whole else text[: begun.start()] if begun else text
    kept = re.sub(r"<[^<>]*$", "", kept)
    channel = _CHANNEL_START.search(kept)
    if channel and not re.search(rf"</{re.escape(channel[1])}\s*>", kept, re.IGNORECASE):
        kept += f"</{channel[1]}>"
    return Mended(f"{kept}</{name}>", is_cut=not ends)


def with_short_names(xml: str) -> str:
    """Cut what stands in author elements to 500 characters.

    feedparser looks for a mail address there in time quadratic to the length.
    """
    return _LONG_NAME.sub(r"\1", xml)
