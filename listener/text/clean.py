"""Turn what a source sent into plain text: no tags, entities decoded once, nothing invisible.

Everything that comes in is hostile; lengths are capped and no markup survives.
"""

import re
import unicodedata
from html import unescape

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

MAX_HTML_CHARS = 400_000
MAX_TEXT_CHARS = 20_000

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_SKIPPED = frozenset(
    [
        "head",
        "iframe",
        "math",
        "noscript",
        "object",
        "script",
        "style",
        "svg",
        "template",
        "textarea",
    ]
)
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_TAG = re.compile(r"<[^<>]*>")
_EMOTICON_ALT = re.compile(r"\[[^\[\]]{1,12}\]|[^\s\w]{1,8}")


def clean_text(text: str, *, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return plain text without control characters, NUL, lone surrogates or direction overrides.

    The result is NFC, has single spaces, at most one blank line in a row, no outer white space,
    and at most ``max_chars`` characters. Line breaks stay.
    """
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    text = _BIDI.sub("", _CONTROL.sub("", text))
    text = unicodedata.normalize("NFC", text)
    text = _SPACES.sub(" ", text)
    text = "\n".join(line.strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()[:max_chars].rstrip()


def html_to_text(html: str, *, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return the readable text of an HTML fragment.

    Block elements and ``<br>`` become line breaks, emoticon images keep their ``alt``, scripts and
    styles vanish, entities are decoded exactly once. Broken markup is read as browsers read it.
    """
    html = _CONTROL.sub("", html)[:MAX_HTML_CHARS]
    if "<" not in html and "&" not in html:
        return clean_text(html, max_chars=max_chars)
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = document_fromstring(f"<div>{html}</div>".encode(), parser=parser)
    except (etree.ParserError, ValueError):
        return ""
    parts: list[str] = []
    _collect(root, parts)
    text = clean_text("".join(parts), max_chars=max_chars)
    # The parser gives up on trees deeper than 256; what it dropped is still somebody's words.
    return text or clean_text(unescape(_TAG.sub(" ", html)), max_chars=max_chars)


def element_text(node: etree._Element, *, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return the readable text of one element of a parsed page, as ``html_to_text`` does."""
    parts: list[str] = []
    _collect(node, parts)
    return clean_text("".join(parts)[: 4 * max_chars], max_chars=max_chars)


def one_line(text: str, *, max_chars: int = 300) -> str:
    """Return text for a terminal or a log: one line, nothing that moves a cursor or hides."""
    return " ".join(clean_text(text[: 4 * max_chars], max_chars=max_chars).split())


def printable(text: str) -> str:
    """Return text that is safe to print: escape sequences and direction overrides taken out.

    Line breaks, tabs and spacing stay as they are.
    """
    return _BIDI.sub("", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def _collect(root: etree._Element, parts: list[str]) -> None:
    """Walk the tree without recursion: hostile pages nest deeper than Python's stack.

    What follows the root's end tag belongs to others and is left out.
    """
    skipped = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            skipped += tag in _SKIPPED
            if not skipped:
                _open(node, tag, parts)
            continue
        if tag in _SKIPPED:
            skipped -= 1
        if not skipped:
            if tag in _BLOCKS and tag not in ("br", "hr"):
                parts.append("\n")
            if node.tail and node is not root:
                parts.append(_inline(node.tail, ""))


def _open(node: etree._Element, tag: str, parts: list[str]) -> None:
    if tag in _BLOCKS:
        parts.append("\n")
    if tag == "img":
        alt = (node.get("alt") or "").strip()
        if _EMOTICON_ALT.fullmatch(alt):
            parts.append(alt)
    elif node.text:
        parts.append(_inline(node.text, tag))


def _inline(text: str, tag: str) -> str:
    """Fold source line breaks into spaces, as a browser does outside ``<pre>``."""
    return text if tag == "pre" else text.replace("\n", " ").replace("\r", " ")


def strip_markup(text: str) -> str:
    """Return plain text for a field that may or may not hold markup, such as a feed title."""
    return html_to_text(text) if re.search(r"<[a-zA-Z/!]|&[#a-zA-Z]", text) else clean_text(text)
