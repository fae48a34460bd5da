"""Tell what an answer that is not the expected body means: refusals, walls, errors, by kind.

A 200 is not success, and a page with a captcha is not an empty result.
"""

import re
from email.utils import parsedate_to_datetime
from html import unescape

from scrapy.http import Response

from listener.items import FailureKind, SourceFailure

_BLOCKED_STATUS = frozenset({403, 407, 412, 418, 432, 451, 456})
_CAPTCHA_STATUS = frozenset({461, 471})
_CAPTCHA_MARKS = (
    "百度安全验证",
    "wappass.baidu.com",
    "geetest",
    "g-recaptcha",
    "recaptcha/api",
    "hcaptcha.com",
    "cf-turnstile-response",
    "antispider",
    "/sorry/index",
)
_BLOCKED_MARKS = (
    "Just a moment...",
    "Attention Required! | Cloudflare",
    "unusual traffic",
    "异常流量",
    "異常流量",
    "rgv587_flag",
    "consent.google.com",
)
_LOGIN_MARKS = ("passport.weibo.com", "Sina Visitor System", "accounts.google.com/ServiceLogin")
_WALLED_HOSTS = {
    "wappass.baidu.com": FailureKind.CAPTCHA,
    "sec.douban.com": FailureKind.CAPTCHA,
    "consent.google.com": FailureKind.BLOCKED,
    "consent.youtube.com": FailureKind.BLOCKED,
    "passport.": FailureKind.LOGIN_REQUIRED,
    "login.": FailureKind.LOGIN_REQUIRED,
    "accounts.google.com": FailureKind.LOGIN_REQUIRED,
}
_TITLE = re.compile(r"<title[^>]*>([^<]{0,200})", re.IGNORECASE)
_CAPTCHA_TITLE = re.compile(
    r"安全验证|安全驗證|人机验证|人機驗證|访问验证|身份验证|滑动验证|验证码|驗證碼|captcha"
    r"|are you (?:a )?(?:human|robot)|robot check|verify you are",
    re.IGNORECASE,
)
_BLOCKED_TITLE = re.compile(
    r"just a moment|attention required|access denied|访问被拒绝|访问受限|拒绝访问|403 forbidden",
    re.IGNORECASE,
)
LONGEST_WAIT_S = 86_400.0
_HEAD_BYTES = 8_192
_SMALL_JSON_BYTES = 2_048
_BODY_OF_FEED = re.compile(rb"^\W{0,8}\s*(?:<\?xml|<(?:\w+:)?(?:rss|feed|rdf)\b)", re.IGNORECASE)
_PAGE = re.compile(rb"<!doctype\s+html|<(?:html|head|body|title|script|meta)\b", re.IGNORECASE)

_OF_STATUS = {
    429: (FailureKind.RATE_LIMITED, "asked too often"),
    401: (FailureKind.LOGIN_REQUIRED, "the source wants a login"),
    404: (FailureKind.GONE, "there is nothing at this address"),
    304: (FailureKind.EMPTY, "nothing new since the last pass"),
    204: (FailureKind.EMPTY, "no content"),
}


def failure_of_status(response: Response) -> SourceFailure | None:
    """Return the failure that the status, the final address or a known wall tells of."""
    status = response.status
    wall = None if status in _OF_STATUS else wall_of(response)
    if status in _CAPTCHA_STATUS:
        return SourceFailure(FailureKind.CAPTCHA, f"HTTP {status} with a captcha")
    if wall is not None:
        return SourceFailure(wall[0], f"HTTP {status}: {wall[1]}", retry_after_s(response))
    if status == 410:
        detail = (
            "HTTP 410: gone for good; it is not asked again. Correct the address in config.toml "
            "or remove the source; 'fengsheng crawl KEY' tries it once more"
        )
        return SourceFailure(FailureKind.GONE, detail, is_final=True)
    if status in _OF_STATUS:
        kind, meaning = _OF_STATUS[status]
        return SourceFailure(kind, f"HTTP {status}: {meaning}", retry_after_s(response))
    if status in _BLOCKED_STATUS:
        return SourceFailure(FailureKind.BLOCKED, f"HTTP {status}: the source refuses us")
    if status >= 500 or status == 408:
        detail = f"HTTP {status} from the source"
        return SourceFailure(FailureKind.SERVER_ERROR, detail, retry_after_s(response))
    if status >= 300:
        return SourceFailure(FailureKind.BAD_PAYLOAD, f"HTTP {status} instead of a body")
    return None


def wall_of(response: Response) -> tuple[FailureKind, str] | None:
    """Return the captcha, block or login page that a body is, None for any other body.

    Feeds and long JSON are left alone: people write about captchas, too.
    """
    host = re.sub(r"^https?://", "", response.url)
    for walled, kind in _WALLED_HOSTS.items():
        if host.startswith(walled):
            return kind, f"sent on to {walled.rstrip('.')}"
    head = response.body[:_HEAD_BYTES]
    if _BODY_OF_FEED.match(head) and not re.search(rb"<html\b", head, re.IGNORECASE):
        return None
    is_page = _PAGE.search(head) is not None
    if not is_page and len(response.body) > _SMALL_JSON_BYTES:
        return None
    text = _readable(head)
    title = " ".join(_TITLE.findall(text))
    if any(mark in text for mark in _BLOCKED_MARKS):
        is_captcha = "recaptcha" in text
        kind = FailureKind.CAPTCHA if is_captcha else FailureKind.BLOCKED
        return kind, "a page that asks whether we are human" if is_captcha else "a block page"
    if any(mark in text for mark in _CAPTCHA_MARKS) or _CAPTCHA_TITLE.search(title):
        return FailureKind.CAPTCHA, "a captcha or verification page"
    if _BLOCKED_TITLE.search(title):
        return FailureKind.BLOCKED, f"a block page: {' '.join(unescape(title).split())[:80]}"
    if any(mark in text for mark in _LOGIN_MARKS):
        return FailureKind.LOGIN_REQUIRED, "a login page"
    return None


def _readable(head: bytes) -> str:
    text = head.decode("utf-8", "replace")
    return f"{text}\n{head.decode('gb18030', 'replace')}" if "\ufffd" in text else text


def retry_after_s(response: Response) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for, as a number or as a date.

    A source that asks for more than a day's silence is asked again the next day all the same.
    """
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()[:80]
    if re.fullmatch(r"[0-9]+", value):
        return min(float(value), LONGEST_WAIT_S)
    date = (response.headers.get("Date") or b"").decode("latin-1").strip()[:80]
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(date)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), LONGEST_WAIT_S)


def content_type_of(response: Response) -> str:
    """Return the response's Content-Type header, or an empty string."""
    return (response.headers.get("Content-Type") or b"").decode("latin-1")
