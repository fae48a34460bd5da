"""Which column means what: well-known Chinese and English headers, and the user's own mapping."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from listener.errors import ConfigError
from listener.items import MentionKind

FIELDS: Mapping[str, str] = {
    "id": "稳定编号",
    "text": "正文",
    "title": "标题",
    "time": "发布时间",
    "author": "作者",
    "author_id": "作者编号",
    "url": "链接",
    "rating": "评分",
    "platform": "平台",
    "likes": "点赞",
    "reposts": "转发",
    "comments": "评论数",
    "views": "阅读数",
    "followers": "粉丝数",
    "verified": "是否认证",
    "parent": "上级编号",
    "lang": "语言",
    "kind": "类型",
}
_TICKETS = re.compile(r"工单|ticket", re.IGNORECASE)
_COMPLAINTS = re.compile(r"投诉|complaint", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column gives each field, and what sort of mentions the rows are."""

    columns: Mapping[str, str]
    kind: MentionKind
    unmapped: tuple[str, ...]


@lru_cache(maxsize=1)
def known_headers() -> Mapping[str, Sequence[str]]:
    """Return the headers that mean each field; a column serves one field, in this order."""
    path = Path(__file__).with_name("headers.toml")
    found: dict[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return found


def map_columns(
    header: Sequence[str], *, overrides: Mapping[str, str] | None = None, kind: str = ""
) -> ColumnMap:
    """Return the mapping for a header; overrides win, an empty override means "no column".

    Raises ``ConfigError`` for an override that names no field or no column, and when no column
    can be the text.
    """
    chosen: dict[str, str] = {}
    for field, column in (overrides or {}).items():
        if field not in FIELDS:
            raise ConfigError(f"--map {field}=…：没有这个字段；可用的有 {'、'.join(FIELDS)}")
        if column and column not in header:
            raise ConfigError(
                f"--map {field}={column}：文件里没有这一列；已有的列：{'、'.join(header)}"
            )
        chosen[field] = column
    taken = {column for column in chosen.values() if column}
    folded = {_fold(column): column for column in reversed(header)}
    for field, names in known_headers().items():
        if field in chosen:
            continue
        for name in names:
            column = folded.get(_fold(name), "")
            if column and column not in taken:
                chosen[field] = column
                taken.add(column)
                break
    chosen = {field: column for field, column in chosen.items() if column}
    if "text" not in chosen and "title" not in chosen:
        columns = "、".join(header) or "（没有表头）"
        raise ConfigError(f"看不出哪一列是正文；请用 --map text=列名 指定。已有的列：{columns}")
    unmapped = tuple(column for column in header if column not in chosen.values())
    return ColumnMap(chosen, _kind(chosen, kind), unmapped)


def _fold(name: str) -> str:
    return re.sub(r"[\s_\-（(【\[].*?[)）】\]]|[\s_\-]", "", name.casefold())


def _kind(chosen: Mapping[str, str], wanted: str) -> MentionKind:
    if wanted:
        try:
            return MentionKind(wanted)
        except ValueError:
            known = "、".join(MentionKind)
            raise ConfigError(f"--kind '{wanted}' 不存在；可用的有 {known}") from None
    names = " ".join(chosen.values())
    if _TICKETS.search(names):
        return MentionKind.TICKET
    if _COMPLAINTS.search(names):
        return MentionKind.COMPLAINT
    if "rating" in chosen:
        return MentionKind.REVIEW
    if re.search(r"评论内容|評論內容|comment", chosen.get("text", "")):
        return MentionKind.COMMENT
    return MentionKind.POST
