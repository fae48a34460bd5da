"""Decode feeds whose labels lie: byte order mark, HTTP charset, XML declaration, then trying."""

import codecs
import re

# Labels that lie: what is called the left is in practice encoded as the right.
_SUPERSETS = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gb-2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "big5-eten": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "iso-10646-ucs-2": "utf-16",
    "ucs-2": "utf-16",
    "unicode": "utf-16",
}
# Character sets and nothing else: "punycode" or "utf-7" are no encodings of feeds.
_CHARACTER_SETS = (
    "utf-8",
    "utf-16",
    "utf-32",
    "ascii",
    "big5",
    "cp",
    "euc",
    "gb",
    "hz",
    "iso2022",
    "iso8859",
    "johab",
    "koi8",
    "mac",
    "shift_jis",
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_BYTES = (
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"{\x00", "utf-16-le"),
    (b"\x00{\x00", "utf-16-be"),
)
_DECLARED = re.compile(
    rb"^[\s\x00-\x20]*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{2,40})"
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
_WRONG = re.compile("[\ufffd\x80-\x9f\ue000-\uf8ff]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_KANA = re.compile("[\u3041-\u30ff]")
# One wrong character in a hundred is damage in transit, more is the wrong encoding.
_TOLERATED = 0.01


def decode_xml(body: bytes, content_type: str = "") -> str:
    """Return the text of a feed; bytes that no rule can read become U+FFFD.

    The order is byte order mark, HTTP charset, XML declaration, detection. ``text/xml`` without a
    charset does not mean ASCII, whatever RFC 3023 said. A sequence cut off at the end is dropped.
    """
    for mark, name in (*_BOMS, *_FIRST_BYTES):
        if body.startswith(mark):
            body = body[len(mark) :] if (mark, name) in _BOMS else body
            return _decode(body, name)
    if body.isascii():
        return body.decode("ascii")
    labels = _labels(body, content_type)
    plain = _decode(body, "utf-8")
    if "\ufffd" not in plain and _is_rather_utf8(plain, labels):
        return plain
    best, least = "", float("inf")
    for label in labels:
        text = _decode(body, label)
        wrong = len(_WRONG.findall(text)) / max(sum(not c.isascii() for c in text), 1)
        if wrong <= _TOLERATED:
            return text
        if wrong < least:
            best, least = text, wrong
    guessed = _decode(body, _guess(body))
    if not labels or _share_wrong(guessed) < least:
        return guessed
    return best


def known_charset(label: str) -> str | None:
    """Return the text codec that a label means in practice, or None if there is none."""
    name = label.strip().lower()
    try:
        found = codecs.lookup(_SUPERSETS.get(name, name)).name
    except (LookupError, ValueError):
        return None
    return found if found.startswith(_CHARACTER_SETS) else None


def _labels(body: bytes, content_type: str) -> list[str]:
    given = []
    if charset := _CHARSET.search(content_type):
        given.append(charset[1])
    if declared := _DECLARED.match(body[:600]):
        given.append(declared[1].decode("ascii"))
    names = [name for label in given if (name := known_charset(label))]
    # A label that could be read as ASCII cannot be true when it names a wider encoding.
    return list(dict.fromkeys(n for n in names if not n.startswith(("utf-16", "utf-32"))))


def _is_rather_utf8(text: str, labels: list[str]) -> bool:
    """Say whether valid UTF-8 is believed against its labels.

    Single-byte text is never valid UTF-8 by accident; Chinese double bytes may be, for a few
    characters, but then not with characters beyond U+07FF.
    """
    if not labels or labels[0] == "utf-8" or labels[0].startswith("cp12"):
        return True
    return any(character > "\u07ff" for character in text)


def _decode(body: bytes, name: str) -> str:
    """Decode with U+FFFD for wrong bytes, but without one for a sequence cut off at the end."""
    return codecs.getincrementaldecoder(name)("replace").decode(body, final=False)


def _share_wrong(text: str) -> float:
    return len(_WRONG.findall(text)) / max(sum(not c.isascii() for c in text), 1)


def _guess(body: bytes) -> str:
    """Guess between the encodings that unlabelled feeds have: UTF-8, GB, Big5, EUC-JP, Latin."""
    if _share_wrong(_decode(body, "utf-8")) <= _TOLERATED:
        return "utf-8"
    runs = _HIGH_RUN.findall(body)
    alone = sum(len(run) == 1 for run in runs)
    if alone * 2 >= sum(map(len, runs)):
        return "cp1252"
    simplified = _decode(body, "gb2312")
    if _share_wrong(simplified) <= _TOLERATED:
        high = sum(not c.isascii() for c in simplified)
        return "euc_jp" if len(_KANA.findall(simplified)) * 8 > high else "gb18030"
    shares = {name: _share_wrong(_decode(body, name)) for name in ("big5hkscs", "gb18030")}
    return min(shares, key=lambda name: shares[name])
