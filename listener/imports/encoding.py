"""Tells how a file of text is encoded, from a sample of its bytes; decides nothing by locale."""

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SAMPLE_BYTES = 1 << 18
_CHUNK_BYTES = 1 << 20
# More broken bytes than this share, and a file is not UTF-8 with a scar but something else.
_MOST_BROKEN = 0.01
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What ordinary writing is made of. Read in the wrong encoding, a text has hardly any of these.
_COMMON = frozenset(
    "的一是不了在有我他这这個个人们們来來到时時大地为為子中你说說生国國年着著就那和要她出也得里裡后後自以会會"
    "家可下而过過天去能对對小多然于於心学學么麼之都好看起发發当當没沒成只如事把还還用第样樣道想作种種开開美"
    "总總从從无無情己面最女但现現前些所同日手又行意动動方期它头頭经經长長儿兒回位分爱愛老因很给給名法间間斯"
    "知世什两兩次使身者被高已亲親其进進此话話常与與活正感评評论論内內容标標题題发布時间作者时间来源平台链接"
    "星级級质質量客服退款货貨买買东東西产產品问問电電商订訂单單号號，。！？：；、（）“”「」 \n\r"
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by its Python name; ``is_scarred`` when a few bytes do not fit it."""

    name: str
    is_scarred: bool = False


def detect_encoding(path: Path) -> Encoding:
    """Return the encoding of a file: by its mark, by being UTF-8, else GB18030 or Big5.

    The whole file is read in pieces, because a single late byte tells UTF-8 from the others.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
        for mark, name in _MARKS:
            if sample.startswith(mark):
                return Encoding(name)
        file.seek(0)
        if _is_utf8(file):
            return Encoding("utf-8")
    return _guess(sample)


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess(sample: bytes) -> Encoding:
    scores = {name: _fit(sample, name) for name in ("utf-8", "gb18030", "big5hkscs")}
    broken = sample.decode("utf-8", "replace").count("�")
    foreign = sum(byte > 0x7F for byte in sample)
    if foreign and broken / foreign <= _MOST_BROKEN:
        return Encoding("utf-8", is_scarred=True)
    # Every row of a file that is mostly ASCII scores alike; mainland exports are far more common.
    name = max(("gb18030", "big5hkscs"), key=lambda one: scores[one])
    return Encoding(name, is_scarred="�" in sample[:-4].decode(name, "replace"))


def _fit(sample: bytes, name: str) -> float:
    """Return the share of characters beyond ASCII that are common ones, less what is broken."""
    text = [char for char in sample.decode(name, "replace") if char > "\x7f"]
    if not text:
        return 0.0
    return sum((char in _COMMON) - (char == "�") for char in text) / len(text)
