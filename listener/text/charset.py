"""Decode web pages whose labels lie: byte order mark, HTTP header, meta tag, then trying."""

import codecs
import re

# Labels that lie: what is called the left is in practice encoded as the right.
_SUPERSETS = {
    "ascii": "windows-1252",
    "big5": "big5hkscs",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "windows-1252",
    "latin-1": "windows-1252",
    "latin1": "windows-1252",
    "us-ascii": "windows-1252",
    "x-gbk": "gb18030",
}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_META_BYTES = 8_192
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"<meta\b[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE
)


def known_encoding(label: str) -> str | None:
    """Return the text codec that a label means in practice, or None if there is none."""
    name = _SUPERSETS.get(label.strip().lower(), label.strip())
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # Codecs such as base64 or rot13 are no character sets; utf-7 smuggles markup past filters.
    return info.name if info._is_text_encoding and info.name != "utf-7" else None


def decode_page(body: bytes, content_type: str = "", *, encoding: str = "") -> str:
    """Return the text of a page; bytes that no rule can read become U+FFFD.

    ``encoding`` overrides what the page says. A body that is valid UTF-8 beyond ASCII is UTF-8
    whatever its labels say: other encodings hardly ever look like it by accident.
    """
    if encoding and (chosen := known_encoding(encoding)):
        return body.decode(chosen, "replace")
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    labels = _labels(body, content_type)
    if not body.isascii() or "utf-8" in labels[:1]:
        labels.insert(0, "utf-8")
    for label in [*labels, "utf-8", "gb18030"]:
        try:
            return body.decode(label)
        except UnicodeDecodeError:
            continue
    return body.decode(next((one for one in labels if one != "utf-8"), "utf-8"), "replace")


def _labels(body: bytes, content_type: str) -> list[str]:
    found = []
    if header := _HEADER_CHARSET.search(content_type):
        found.append(header[1])
    if meta := _META_CHARSET.search(body[:_META_BYTES]):
        found.append(meta[1].decode("ascii"))
    return [name for label in found if (name := known_encoding(label)) is not None]
