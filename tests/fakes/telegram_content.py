"""Checks of what a message carries besides its text: inline keyboards and pictures."""

import hashlib
import struct
import zlib

from tests.fakes.telegram_html import check_link
from tests.fakes.telegram_types import Json, Photo, bad_request

MAX_BUTTONS = 100
MAX_CALLBACK_DATA_BYTES = 64
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_PHOTO_SIDES_SUM = 10_000
MAX_PHOTO_RATIO = 20
MAX_COPY_TEXT = 256

_ACTIONS = (
    "url",
    "callback_data",
    "copy_text",
    "switch_inline_query",
    "switch_inline_query_current_chat",
)
_STYLES = {"danger", "success", "primary"}
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_JPEG_MAGIC = b"\xff\xd8\xff"
# Start-of-frame markers of JPEG; C4, C8 and CC in that range mean something else.
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def check_markup(markup: Json | None) -> Json | None:
    """Return the reply markup as a message keeps it; an empty keyboard means none."""
    if markup is None or "inline_keyboard" not in markup:
        return markup
    rows = [[_check_button(button) for button in row] for row in markup["inline_keyboard"]]
    rows = [row for row in rows if row]
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": rows} if rows else None


def _check_button(button: Json) -> Json:
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise bad_request(f"can't parse inline keyboard button: both {' and '.join(actions)}")
    if button.get("style", "primary") not in _STYLES:
        raise bad_request("can't parse inline keyboard button: invalid button style specified")
    if actions == ["callback_data"]:
        size = len(button["callback_data"].encode())
        if not 1 <= size <= MAX_CALLBACK_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    elif actions == ["url"]:
        try:
            return {**button, "url": check_link(button["url"])}
        except ValueError as error:
            raise bad_request(
                f"inline keyboard button URL '{button['url']}' is invalid: {error}"
            ) from None
    elif actions == ["copy_text"] and not 1 <= len(button["copy_text"]["text"]) <= MAX_COPY_TEXT:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return button


def read_photo(data: bytes) -> Photo:
    """Return the picture with its size in pixels, or refuse it as Telegram's processing does."""
    if not data:
        raise bad_request("file must be non-empty")
    if len(data) > MAX_PHOTO_BYTES:
        raise bad_request(
            f"file of size {len(data)} bytes is too big for a photo; "
            f"the maximum size is {MAX_PHOTO_BYTES} bytes"
        )
    try:
        if data.startswith(_PNG_MAGIC):
            width, height, media_type = *_png_size(data), "image/png"
        elif data.startswith(_JPEG_MAGIC):
            width, height, media_type = *_jpeg_size(data), "image/jpeg"
        else:
            raise bad_request("IMAGE_PROCESS_FAILED")
    except (ValueError, IndexError, struct.error, zlib.error):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    long_side, short_side = max(width, height), min(width, height)
    if (
        short_side < 1
        or width + height > MAX_PHOTO_SIDES_SUM
        or long_side > MAX_PHOTO_RATIO * short_side
    ):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return Photo(f"AgAC{hashlib.sha256(data).hexdigest()}", width, height, media_type, data)


def make_png(width: int, height: int, *, grey: int = 200) -> bytes:
    """Return a valid one-colour PNG, for tests that need a picture of some size."""

    def chunk(name: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes([grey]) * width) * height)
    return _PNG_MAGIC + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _png_size(data: bytes) -> tuple[int, int]:
    """Walk all chunks, so that a truncated or damaged picture is refused too."""
    position, size, has_pixels = len(_PNG_MAGIC), None, False
    while True:
        (length,) = struct.unpack_from(">I", data, position)
        name = data[position + 4 : position + 8]
        body_end = position + 8 + length
        (checksum,) = struct.unpack_from(">I", data, body_end)
        if checksum != zlib.crc32(data[position + 4 : body_end]):
            raise ValueError("damaged chunk")
        if size is None:
            if name != b"IHDR":
                raise ValueError("no header")
            size = struct.unpack_from(">II", data, position + 8)
        has_pixels = has_pixels or (name == b"IDAT" and length > 0)
        if name == b"IEND":
            break
        position = body_end + 4
    if not has_pixels:
        raise ValueError("no pixels")
    return size[0], size[1]


def _jpeg_size(data: bytes) -> tuple[int, int]:
    if data.rstrip(b"\0")[-2:] != b"\xff\xd9":
        raise ValueError("no end of image")
    position = 2
    while True:
        if data[position] != 0xFF:
            raise ValueError("no marker")
        marker = data[position + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        (length,) = struct.unpack_from(">H", data, position + 2)
        position += 2 + length
