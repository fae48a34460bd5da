"""Values that break whatever takes them for anything but text, and pages that carry them."""

from datetime import datetime
from email.utils import format_datetime
from html import escape

from tests.fakes.hostile_site import feed

NASTY = (
    "\x1b[2J\x1b]0;title\x07\x1b[31m红",
    "\x9b31m\x9d0;t\x9c\x85",
    "\u202etxt.exe\u202c\u2066\u2069\u200e\u200f\u061c",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "{{7*7}} {% for a in b %}{% endfor %} {# #} ${7*7} #{7*7} <%= 7*7 %>",
    "=cmd|' /C calc'!A0",
    "+1+1 -1 @SUM(A1)\t|x",
    "<script>alert(1)</script><style>*{}</style><b>粗",
    '</a><a href="tg://user?id=1">点</a><pre>',
    "*_[a](tg://x)~`>#+-=|{}.!\\",
    "[bold red]富[/bold red] [/] [link=x]",
    "%s %(x)d %n {0.__class__} \\u001b[31m",
    '\r\n2026-11-22 ERROR fake entry\n{"level":"ERROR"}',
    "&amp;lt;i&amp;gt; &#x1b;[31m &#0; &#xD800;",
    "'; DROP TABLE mention;-- \" OR 1=1",
    "\x00nul\x00",
    "a" + "\u0301" * 3_000,
    "\U000e0041\U000e007f\ufdd0\uffff",
    "A" * 200_000,
    "../../etc/passwd\u2028\u2029",
)
WORDS = "澜白更新后变砖了，开不了机，第{}位"


def nasty_feed(now: datetime) -> bytes:
    """Return a feed whose every field carries something nasty."""
    return feed(*(_entry(number, nasty, now) for number, nasty in enumerate(NASTY)))


def _entry(number: int, nasty: str, now: datetime) -> str:
    legal = escape("".join(c for c in nasty if c >= " " and c not in "\ufdd0\uffff"))
    text = escape(f"{WORDS.format(number)}{legal}")
    return (
        f"<guid>{number}{legal}</guid><title>{legal}</title><link>https://x.example/{legal}</link>"
        f"<author>{legal[:2_000]}</author><pubDate>{format_datetime(now)}</pubDate>"
        f"<description>{text}</description><category>{legal}</category>"
    )


def nasty_page(now: datetime) -> bytes:
    """Return a listing whose every field carries something nasty, raw bytes included."""
    return (
        "<!doctype html><meta charset=utf-8>"
        + "".join(
            f"<li data-id='{number}-{escape(nasty, quote=True)}'>"
            f"<a href='https://x.example/{escape(nasty, quote=True)}'>{escape(nasty)}</a>"
            f"<p>{WORDS.format(number + 100)}{escape(nasty)}</p><i>{escape(nasty)}</i>"
            f"<time>{now.isoformat()}</time><em>{'9' * 400}</em></li>"
            for number, nasty in enumerate(NASTY)
        )
    ).encode()
