"""The small HTML that messages are written in, and its plain-text form."""

import re
from html import unescape

_LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"</?[a-z-]+(?: [^<>]*)?>")


def to_plain(html: str) -> str:
    """Return a message as plain text; links keep their address behind the words."""
    with_links = _LINK.sub(lambda found: f"{found[2]} ({found[1]})", html)
    return unescape(_TAG.sub("", with_links))


def shown_length(html: str) -> int:
    """Return the length that chats limit: UTF-16 units after markup is taken away."""
    text = unescape(_TAG.sub("", html))
    return len(text.encode("utf-16-le")) // 2


def shortened(html: str, limit: int) -> str:
    """Return ``html`` with lines left out, quotes first, until it fits ``limit``.

    A message that still does not fit loses its markup and is cut.
    """
    if shown_length(html) <= limit:
        return html
    lines = html.split("\n")
    quotes = [index for index, line in enumerate(lines) if line.startswith(("“", "&#34;"))]
    while quotes and shown_length("\n".join(lines)) > limit:
        lines.pop(quotes.pop())
    shorter = "\n".join(lines)
    if shown_length(shorter) <= limit:
        return shorter
    from html import escape  # noqa: PLC0415 - the last resort only

    return escape(to_plain(shorter)[: limit // 2 - 1], quote=False) + "…"
