"""Makes a mention of one row, or says exactly what is wrong with it. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from listener.imports.columns import ColumnMap
from listener.imports.tables import BadRow, Row, shown
from listener.items import MentionItem, MentionKind, Precision
from listener.text.clean import clean_text, html_to_text
from listener.text.times import read_time

# A clock may be wrong by this much; a later time means a wrong zone or a wrong column.
MOST_AHEAD = timedelta(minutes=10)
_MANGLED = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d+")
_SERIAL = re.compile(r"[3-6]\d{4}(?:\.\d+)?")
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a calendar date; the zone is the file's
_WRAPPED = re.compile(r'="(.*)"', re.DOTALL)
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([万亿wWkK千萬億]?)\+?")
_SCALE = {"万": 1e4, "萬": 1e4, "w": 1e4, "亿": 1e8, "億": 1e8, "k": 1e3, "千": 1e3, "": 1.0}
_STARS = re.compile(r"([★⭐]+)[☆]*")
_RATING = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/\s*(\d+)|星|分|stars?)?", re.IGNORECASE)
_NOTHING = frozenset(("", "-", "--", "—", "/", "null", "none", "nan", "n/a", "无", "空"))
_ANONYMOUS = frozenset(("匿名", "匿名用户", "anonymous", "匿名用戶"))
_MARKUP = re.compile(r"<(?:br|p|div|span|a|img|b|i|em)\b[^<>]*>", re.IGNORECASE)
# Contact data of private people is nobody's business here, whatever a back office exports.
_PERSONAL = re.compile(
    r"手机|电话|電話|身份证|住址|地址|邮箱|郵箱|微信|qq|银行|姓名|phone|mobile|mail|address|ip\b|wechat",
    re.IGNORECASE,
)
_KINDS = frozenset(MentionKind)
_COUNTS = ("likes", "reposts", "comments", "views", "followers")
_YES = frozenset(("1", "true", "yes", "是", "已认证", "y"))
_NO = frozenset(("0", "false", "no", "否", "未认证", "n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReader:
    """What is needed to understand a row. ``zone`` is that of times without one."""

    mapping: ColumnMap
    zone: tzinfo
    collected_at: datetime


class _RowError(Exception):
    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(reason)
        self.field, self.value, self.reason = field, shown(value), reason


def read_row(row: Row, reader: RowReader) -> MentionItem | BadRow:
    """Return the mention of a row, or the column, value and reason for which it is refused."""
    try:
        return _mention(row.cells, reader)
    except _RowError as error:
        column = reader.mapping.columns.get(error.field, error.field)
        return BadRow(row.number, row.line, column, error.value, error.reason)


def _mention(cells: Mapping[str, Any], reader: RowReader) -> MentionItem:
    raw = {field: _cell(cells.get(name)) for field, name in reader.mapping.columns.items()}
    text, title = _prose(raw.get("text", "")), _prose(raw.get("title", ""))[:500]
    if not text and not title:
        raise _RowError("text", "", "没有正文")
    if "�" in text or "�" in title:
        raise _RowError("text", text, "含有无法解码的字节；请用 --encoding 指定编码")
    posted_at, precision = _time(raw.get("time", ""), reader)
    rating, rating_max = _rating(raw.get("rating", ""))
    author = _name(raw.get("author", ""))
    platform = raw.get("platform", "") or None
    person = _plain_id("author_id", raw.get("author_id", "")) or author
    counts = {field: _count(field, raw.get(field, "")) for field in _COUNTS}
    given = _plain_id("id", raw.get("id", ""))
    extra: dict[str, Any] = {"platform": platform} if platform else {}
    for name in reader.mapping.unmapped:
        value = "" if _PERSONAL.search(name) else _cell(cells.get(name))
        if value:
            extra[name] = clean_text(value, max_chars=500)
    return MentionItem(
        source_id=given or _made_id(title, text, person, raw.get("time", ""), platform),
        text=text or title,
        title=title or None,
        kind=_kind(raw.get("kind", ""), reader.mapping.kind),
        url=_url(raw.get("url", "")),
        parent_id=raw.get("parent") or None,
        author_name=author,
        # People on two platforms with one name are two people.
        author_id=f"{platform or ''}:{person}" if person else None,
        author_followers=counts["followers"],
        author_verified=_fact(raw.get("verified", "")),
        posted_at=posted_at,
        posted_precision=precision,
        posted_raw=raw.get("time") or None,
        lang=raw.get("lang") or None,
        rating=rating,
        rating_max=rating_max,
        likes=counts["likes"],
        reposts=counts["reposts"],
        comments=counts["comments"],
        views=counts["views"],
        extra=extra,
    )


def _cell(value: object) -> str:
    """Return a cell as text. A formula stays what it is: text. Excel's text mark is dropped."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = str(value).strip().strip("\ufeff")
    if len(text) > 1 and text[0] == "'" and (text[1] in "=+-@" or text[1].isdigit()):
        text = text[1:]
    wrapped = _WRAPPED.fullmatch(text)
    return wrapped[1] if wrapped else text


def _prose(text: str) -> str:
    if _MARKUP.search(text):
        return html_to_text(text)
    return clean_text(text)


def _plain_id(field: str, value: str) -> str:
    if value.casefold() in _NOTHING:
        return ""
    if _MANGLED.fullmatch(value):
        raise _RowError(
            field, value, "编号被表格软件改成了科学计数法，原值已丢失；请把该列设为文本后重新导出"
        )
    return clean_text(value, max_chars=400)


def _made_id(title: str, text: str, person: str | None, time: str, platform: str | None) -> str:
    """Return an id that the same content by the same author at the same time always gets."""
    basis = "\x1f".join((title, text, person or "", time, platform or ""))
    return "row:" + hashlib.sha256(basis.encode("utf-8", "replace")).hexdigest()[:32]


def _time(raw: str, reader: RowReader) -> tuple[datetime | None, Precision | None]:
    if raw.casefold() in _NOTHING:
        return None, None
    if _SERIAL.fullmatch(raw):
        local = (_EXCEL_EPOCH + timedelta(days=float(raw))).replace(tzinfo=reader.zone)
        at, precision = local, Precision.MINUTE if "." in raw else Precision.DAY
    else:
        reading = read_time(raw, collected_at=reader.collected_at, zone=reader.zone)
        if reading is None:
            raise _RowError("time", raw, "认不出这个时间；例如写成 2026-11-20 14:33:21")
        at, precision = reading
    if at > reader.collected_at + MOST_AHEAD:
        raise _RowError("time", raw, "时间在未来；请检查 --timezone 和时间列")
    return at.astimezone(reader.collected_at.tzinfo), precision


def _rating(raw: str) -> tuple[float | None, float | None]:
    if raw.casefold() in _NOTHING:
        return None, None
    if stars := _STARS.fullmatch(raw):
        return float(len(stars[1])), 5.0
    words = {"好评": 5.0, "中评": 3.0, "差评": 1.0, "非常满意": 5.0, "满意": 4.0, "一般": 3.0}
    words |= {"不满意": 2.0, "非常不满意": 1.0}
    if raw in words:
        return words[raw], 5.0
    found = _RATING.fullmatch(raw)
    if found is None:
        raise _RowError("rating", raw, "认不出这个评分；例如写成 4、4星 或 8/10")
    value = float(found[1])
    most = next((top for top in (5.0, 10.0, 100.0) if value <= top), None)
    most = float(found[2]) if found[2] else most
    if most is None or value > most or most == 0:
        raise _RowError("rating", raw, "评分超出范围")
    return value, most


def _count(field: str, raw: str) -> int | None:
    if raw.casefold() in _NOTHING:
        return None
    found = _NUMBER.fullmatch(raw.replace(",", "").replace("，", ""))
    if found is None or found[1].startswith("-"):
        raise _RowError(field, raw, "不是数量；例如写成 128 或 1.2万")
    return min(round(float(found[1]) * _SCALE[found[2].casefold()]), 2**53)


def _name(raw: str) -> str | None:
    name = clean_text(raw, max_chars=80)
    return None if name.casefold() in _NOTHING | _ANONYMOUS else name


def _url(raw: str) -> str | None:
    return raw[:2000] if raw.startswith(("http://", "https://")) and " " not in raw else None


def _kind(raw: str, usual: MentionKind) -> MentionKind:
    return MentionKind(raw) if raw in _KINDS else usual


def _fact(raw: str) -> bool | None:
    word = raw.casefold()
    return True if word in _YES else False if word in _NO else None
