"""What the hostile site does, by name, with the failure kinds a crawler may make of it."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from tests.fakes.hostile_site import (
    Behaviour,
    HostileSite,
    bomb,
    breaks_off,
    dripping,
    endless,
    feed,
    head,
    honest_feed,
    redirects,
    says,
    silent,
)

OK = "ok"
_RSS = b"<?xml version='1.0'?><rss><channel>"
_ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@dataclass(frozen=True, slots=True)
class Trick:
    """One behaviour and what may be said of it; ``after_s`` is the wait the site asks for."""

    serve: Behaviour
    kinds: frozenset[str]
    after_s: float | None = None


def trick(serve: Behaviour, *kinds: str, after_s: float | None = None) -> Trick:
    """Return a behaviour with the kinds of failure that name it rightly."""
    return Trick(serve, frozenset(kinds), after_s)


def tricks(now: datetime, victim: HostileSite) -> dict[str, Trick]:
    """Return every behaviour of an ordinary page."""
    return (
        _slow_and_cut() | _sizes() | _lies(now) | _xml(victim) | _redirects(victim) | _statuses()
    )


def _slow_and_cut() -> dict[str, Trick]:
    whole = head(Content_Length=10_000)
    chunked = head(Transfer_Encoding="chunked")
    return {
        "silent": trick(silent, "server_error"),
        "slow-head": trick(dripping(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9), "server_error"),
        "slow-body": trick(endless_drip(whole), "server_error"),
        "short-body": trick(breaks_off(whole + _RSS), "bad_payload"),
        # A cut inside a chunk is data loss or a lost connection, as the packets happen to fall.
        "cut-chunk": trick(breaks_off(chunked + b"ff\r\n<rss>"), "bad_payload", "server_error"),
        "no-last-chunk": trick(breaks_off(chunked + b"5\r\n<rss>\r\n"), "bad_payload"),
        "bad-chunk": trick(
            breaks_off(chunked + b"zz\r\n<rss>\r\n"), "bad_payload", "server_error"
        ),
        "reset": trick(breaks_off(whole + _RSS, by_reset=True), "bad_payload", "server_error"),
        "no-answer": trick(breaks_off(b""), "server_error"),
        "not-http": trick(breaks_off(b"220 mail.example ESMTP\r\n\r\n"), "server_error"),
        "no-status": trick(breaks_off(b"HTTP/1.1 \r\n\r\n"), "server_error", "bad_payload"),
        "for-ever-100": trick(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "server_error"),
        "two-lengths": trick(
            breaks_off(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 9\r\n\r\nabc"),
            "server_error",
            "bad_payload",
        ),
        "minus-length": trick(
            breaks_off(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc"),
            "server_error",
            "bad_payload",
        ),
    }


def endless_drip(start: bytes) -> Behaviour:
    """Send a head at once and then a byte now and again."""

    def serve(talk: "object") -> None:
        breaks_off(start)(talk)  # type: ignore[arg-type]
        dripping(b"<rss>")(talk)  # type: ignore[arg-type]

    return serve


def _sizes() -> dict[str, Trick]:
    many = "".join(f"X-{n}: {'v' * 90}\r\n" for n in range(5_000)).encode()
    cookies = "".join(f"Set-Cookie: c{n}={'v' * 200}\r\n" for n in range(5_000)).encode()
    small = feed("<guid>1</guid><title>澜白</title>")
    start = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
    end = f"Content-Length: {len(small)}\r\nConnection: close\r\n\r\n".encode() + small
    block = b"<item><title>" + b"A" * 65_000 + b"</title></item>"
    chunk = f"{len(block):x}\r\n".encode() + block + b"\r\n"
    return {
        "endless-body": trick(endless(head() + _RSS, block), "bad_payload"),
        "endless-chunks": trick(endless(head(Transfer_Encoding="chunked"), chunk), "bad_payload"),
        "huge-length": trick(breaks_off(head(Content_Length=10**12) + _RSS), "bad_payload"),
        "gzip-bomb": trick(bomb("gzip"), "bad_payload"),
        "gzip-gzip-bomb": trick(bomb("gzip, gzip"), "bad_payload"),
        "deflate-bomb": trick(bomb("deflate"), "bad_payload"),
        "brotli-bomb": trick(bomb("br"), "bad_payload"),
        "giant-header": trick(endless(start + b"X-A: ", b"v" * 65_000), "server_error"),
        "many-headers": trick(breaks_off(start + many + end), OK, "server_error"),
        "cookie-flood": trick(breaks_off(start + cookies + end), OK, "server_error"),
        "one-line": trick(says(b"<!doctype html><html><p>" + b"A" * 250_000), "bad_payload"),
        "deep-html": trick(says(b"<html>" + b"<div>" * 40_000), "bad_payload"),
        "deep-xml": trick(says(_RSS + b"<a>" * 60_000), "bad_payload", "empty"),
    }


def _lies(now: datetime) -> dict[str, Trick]:
    good = honest_feed(now)
    gbk = feed("<guid>1</guid><title>澜白门封漏热</title>").replace(b"encoding='utf-8'", b"")
    gbk = gbk.decode().encode("gbk")
    return {
        "says-image": trick(says(good, Content_Type="image/png"), OK, "bad_payload"),
        "is-image": trick(says(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40), "bad_payload"),
        "says-gzip": trick(says(good, Content_Encoding="gzip"), "bad_payload"),
        "says-br": trick(says(good, Content_Encoding="br"), "bad_payload", "server_error"),
        "says-odd": trick(says(good, Content_Encoding="x-wat"), OK, "bad_payload"),
        "lying-charset": trick(says(gbk, Content_Type="text/xml; charset=utf-8"), OK),
        "no-such-charset": trick(says(good, Content_Type="text/xml; charset=\x01wat"), OK),
        "nul-bytes": trick(says(b"\x00" * 5_000), "bad_payload"),
        "utf-16-cut": trick(says(b"\xff\xfe<\x00r"), "bad_payload"),
        "nothing": trick(says(b""), "bad_payload"),
        "meta-refresh": trick(
            says(b"<html><meta http-equiv=refresh content='0;url=http://127.1/'>"), "bad_payload"
        ),
        "captcha": trick(says("<html><title>百度安全验证</title>".encode()), "captcha"),
        "captcha-gbk": trick(says("<html><title>百度安全验证</title>".encode("gbk")), "captcha"),
        "not-asked-304": trick(says(b"", "304 Not Modified"), "bad_payload"),
        "weird-feed": trick(
            says(
                feed(
                    "<guid>" + "x" * 5_000 + "</guid><title>澜白</title>"
                    "<pubDate>Mon, 99 Foo 99999 99:99:99 +9999</pubDate>",
                    extra="<ttl>99999999999999999999</ttl>",
                )
            ),
            OK,
        ),
    }


def _xml(victim: HostileSite) -> dict[str, Trick]:
    def doctype(inner: str, body: str) -> bytes:
        item = f"<item><guid>1</guid><title>澜白{body}</title></item>"
        text = f"<?xml version='1.0'?><!DOCTYPE rss [{inner}]><rss><channel>{item}</channel></rss>"
        return text.encode()

    kinds = (OK, "empty", "bad_payload", "schema_drift")
    return {
        "billion-laughs": trick(says(doctype(f'<!ENTITY a0 "ha">{_ENTITIES}', "&a9;")), *kinds),
        "quadratic": trick(says(doctype(f'<!ENTITY q "{"A" * 60_000}">', "&q;" * 5_000)), *kinds),
        "entity-file": trick(
            says(doctype('<!ENTITY f SYSTEM "file:///etc/passwd">', "&f;")), *kinds
        ),
        "entity-http": trick(
            says(doctype(f'<!ENTITY f SYSTEM "{victim.url}/entity">', "&f;")), *kinds
        ),
        "dtd-http": trick(
            says(f"<!DOCTYPE rss SYSTEM '{victim.url}/dtd'><rss><channel/></rss>".encode()), *kinds
        ),
        "parameter-entity": trick(
            says(doctype(f'<!ENTITY % p SYSTEM "{victim.url}/p"> %p;', "x")), *kinds
        ),
        "stylesheet": trick(
            says(f"<?xml-stylesheet href='{victim.url}/s'?>".encode() + feed()), *kinds
        ),
        "xinclude": trick(
            says(
                feed(
                    "<guid>1</guid><title>澜白</title><x:include xmlns:x="
                    f"'http://www.w3.org/2001/XInclude' href='{victim.url}/x'/>"
                )
            ),
            *kinds,
        ),
    }


def spellings(port: int) -> list[str]:
    """Return ways to write an address inside this machine or its network."""
    return [
        f"http://127.0.0.1:{port}/",
        f"http://127.1:{port}/",
        f"http://0x7f000001:{port}/",
        f"http://0x7f.1:{port}/",
        f"http://0177.0.0.1:{port}/",
        f"http://2130706433:{port}/",
        f"http://[::1]:{port}/",
        f"http://[::ffff:127.0.0.1]:{port}/",
        f"http://[64:ff9b::127.0.0.1]:{port}/",
        f"http://0.0.0.0:{port}/",
        f"http://0:{port}/",
        f"http://localhost:{port}/",
        f"http://localhost.:{port}/",
        f"http://LOCALHOST:{port}/",
        f"HTTP://127.0.0.1:{port}/",
        f"//127.0.0.1:{port}/",
        f"http:\\\\127.0.0.1:{port}/",
        f"http://１２７.０.０.１:{port}/",
        f"http://127。0。0。1:{port}/",
        f"http://a:b@127.0.0.1:{port}/",
        f"http://example.com@127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}\\@example.com/",
        f"http://127.0.0.1%00.example.com:{port}/",
        f"http://127.0.0.1:{port}#@example.com/",
        f"http://127.0.0.1:{port}/\r\nX-Injected: 1",
        f"http://127.0.0.1:{port}/%0d%0aSET%20x",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest/",
        "http://10.0.0.1/",
        "http://100.100.100.200/",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1:6379/_INFO",
        "data:text/xml,<rss/>",
        "javascript:alert(1)",
        "http://",
        "http:///",
        "http://[",
        "",
        "http://x:99999/",
        "http://" + "a" * 5_000 + "/",
    ]


def _redirects(victim: HostileSite) -> dict[str, Trick]:
    found = {
        f"to-{number}": trick(
            redirects(target.encode()), "blocked", "bad_payload", "server_error", "gone"
        )
        for number, target in enumerate(spellings(victim.port))
    }
    return found | {
        "loop": trick(redirects(b"/loop"), "bad_payload"),
        "loop-2": trick(redirects(b"/loop-2b"), "bad_payload"),
        "loop-2b": trick(redirects(b"/loop-2"), "bad_payload"),
        "not-to-say": trick(says(b"", "302 Found"), "bad_payload"),
        "raw-bytes": trick(
            redirects(b"http://\xff\xfe\x00/"), "blocked", "bad_payload", "server_error"
        ),
    }


def _statuses() -> dict[str, Trick]:
    date = format_datetime(datetime.fromisoformat("2026-11-22T03:30:00+00:00"), usegmt=False)
    since = format_datetime(datetime.fromisoformat("2026-11-22T03:00:00+00:00"))

    def limited(value: str | None) -> Behaviour:
        return says(b"", "429 Too Many Requests", Retry_After=value, Date=since)

    codes = {
        "401 Unauthorized": "login_required",
        "403 Forbidden": "blocked",
        "404 Not Found": "gone",
        "410 Gone": "gone",
        "412 Precondition Failed": "blocked",
        "418 I'm a teapot": "blocked",
        "451 Unavailable": "blocked",
        "461 Captcha": "captcha",
        "400 Bad Request": "bad_payload",
        "500 Internal": "server_error",
        "502 Bad Gateway": "server_error",
        "999 Request denied": "server_error",
    }
    day = 86_400.0
    return {
        **{f"is-{code[:3]}": trick(says(b"<p>no", code), kind) for code, kind in codes.items()},
        "limited": trick(limited(None), "rate_limited", after_s=900),
        "limited-s": trick(limited("3600"), "rate_limited", after_s=3600),
        "limited-date": trick(limited(date), "rate_limited", after_s=1800),
        "limited-huge": trick(limited("9" * 500), "rate_limited", after_s=day),
        "limited-year-9999": trick(
            limited("Fri, 31 Dec 9999 23:59:59 GMT"), "rate_limited", after_s=day
        ),
        "limited-minus": trick(limited("-5"), "rate_limited", after_s=900),
        "limited-word": trick(limited("²"), "rate_limited", after_s=900),
        "limited-past": trick(
            limited("Thu, 01 Jan 1970 00:00:00 GMT"), "rate_limited", after_s=900
        ),
        "is-503-later": trick(
            says(b"", "503 Busy", Retry_After="7200"), "server_error", after_s=7200
        ),
    }


def robots(victim: HostileSite) -> dict[str, Trick]:
    """Return behaviours of robots.txt; the feed beside it is honest."""
    many = b"User-agent: *\n" + b"Disallow: /x/" + b"y" * 90 + b"\n"
    return {
        "500": trick(says(b"", "500 Oops"), "blocked"),
        "503": trick(says(b"", "503 Busy"), "blocked"),
        "429": trick(says(b"", "429 Slow"), "blocked"),
        "404": trick(says(b"no", "404 Not Found"), OK),
        "403": trick(says(b"no", "403 Forbidden"), OK),
        "401": trick(says(b"no", "401 Unauthorized"), OK),
        "410-with-rules": trick(says(b"User-agent: *\nDisallow: /\n", "410 Gone"), OK),
        "silent": trick(silent, "blocked"),
        "slow": trick(dripping(head() + b"User-agent: *\n"), "blocked"),
        "endless": trick(endless(head(), many * 100), "blocked"),
        "large": trick(says(b"User-agent: *\nDisallow: /feed\n" + b"# x\n" * 60_000), "blocked"),
        "page": trick(says(b"<!doctype html><html><p>welcome"), OK),
        "bytes": trick(says(bytes(range(256)) * 100), OK),
        "no-answer": trick(breaks_off(b""), "blocked"),
        "loop": trick(redirects(b"/robots.txt"), "blocked"),
        "to-victim": trick(redirects(f"{victim.url}/robots.txt".encode()), "blocked"),
        "forbids": trick(says(b"User-agent: Fengsheng\nDisallow: /\n"), "blocked"),
        "nul": trick(says(b"User-agent: *\x00\nDisallow: /\x00feed\n"), OK, "blocked"),
    }
