"""What an import says about itself, in words and as JSON values."""

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from listener.config import Config
from listener.imports.account import Account
from listener.imports.columns import FIELDS
from listener.imports.importer import ImportOrder, ImportResult
from listener.imports.tables import BadRow, shown
from listener.store.records import NewMention

_DELIMITER_NAMES = {
    ",": "逗号",
    "\t": "制表符",
    ";": "分号",
    "|": "竖线",
    "": "无（每行一个 JSON 对象）",
}


def dry_run_lines(
    order: ImportOrder,
    account: Account,
    first: Sequence[NewMention],
    refused: Sequence[BadRow],
    config: Config,
) -> Iterator[str]:
    """Yield what an import of the file would do."""
    yield f"{order.path}：试读，不写入任何内容"
    yield from _layout_lines(order)
    yield "前几行将存为："
    for number, one in enumerate(first, 1):
        at = one.event_at.astimezone(config.tz).strftime("%Y-%m-%d %H:%M") if one.event_at else "—"
        brands = "命中品牌" if one.matches else "未命中品牌"
        title = shown(one.title or "")
        yield f"  {number}. [{at}] {one.kind}｜{brands}｜{title}｜{shown(one.text)}"
    yield from _account_lines(account, config, "将新增")
    for row in refused:
        yield f"  第 {row.line} 行｜{row.column or '整行'}｜{row.value}｜{row.reason}"


def result_lines(
    order: ImportOrder, result: ImportResult, rejected: Path, config: Config, *, running: bool
) -> Iterator[str]:
    """Yield what the import did, and who scored the rows."""
    account = result.account
    yield f"{order.path}：已导入到来源 {order.source_key}"
    yield from _layout_lines(order)
    if result.resumed_after:
        yield f"接着上次中断处继续：前 {result.resumed_after} 行此前已入库"
    yield from _account_lines(account, config, "新增")
    if account.rejected:
        yield f"被拒绝的 {account.rejected} 行及原因已写入 {rejected}"
    if running:
        yield f"评分：风声服务正在运行，与本命令分担；本命令完成 {result.scored} 条，全部已评分"
    else:
        yield f"评分：服务没有运行，由本命令完成 {result.scored} 条，全部已评分"
    yield "导入的内容只作为历史：用来学习常态，不会触发预警"


def _layout_lines(order: ImportOrder) -> Iterator[str]:
    layout = order.layout
    name = codecs.lookup(layout.encoding.name).name
    scar = "（有少量坏字节）" if layout.encoding.is_scarred else ""
    delimiter = _DELIMITER_NAMES.get(layout.delimiter, repr(layout.delimiter))
    yield f"编码 {name}{scar}｜分隔符 {delimiter}｜类型 {order.mapping.kind}｜时区 {order.zone}"
    columns = order.mapping.columns
    yield "列：" + "，".join(f"{FIELDS[field]}←{column}" for field, column in columns.items())
    if order.mapping.unmapped:
        yield f"其余列作为附加信息：{'、'.join(order.mapping.unmapped)}"
    if "time" not in columns:
        yield "注意：没有时间列，这些内容进不了基线；请用 --map time=列名"
    if "id" not in columns:
        yield "没有编号列：以 内容＋作者＋时间 识别同一条，重复导入不会重复计数"


def _account_lines(account: Account, config: Config, verb: str) -> Iterator[str]:
    yield (
        f"共 {account.rows} 行：{verb} {account.new}，已有或重复 {account.known}，"
        f"拒绝 {account.rejected}"
    )
    names = {brand.key: brand.name for brand in config.brands}
    hits = [f"{names.get(key, key)} {count}" for key, count in account.matched.most_common()]
    yield f"命中品牌：{'，'.join(hits) or '无'}；未命中 {account.unmatched}"
    if account.oldest_at and account.newest_at:
        oldest, newest = (
            at.astimezone(config.tz) for at in (account.oldest_at, account.newest_at)
        )
        yield f"时间范围：{oldest:%Y-%m-%d %H:%M} 至 {newest:%Y-%m-%d %H:%M}"
    if account.untimed:
        yield f"{account.untimed} 行没有精确到分钟的时间：会入库，但不进入基线"


def result_values(
    order: ImportOrder,
    account: Account,
    *,
    result: ImportResult | None = None,
    rejected: Path | None = None,
    dry_run: bool = False,
    first: Sequence[NewMention] = (),
    refused: Sequence[BadRow] = (),
) -> dict[str, Any]:
    """Return the summary for ``--json``."""
    values: dict[str, Any] = {
        "file": str(order.path),
        "dry_run": dry_run,
        "source": order.source_key,
        "format": order.layout.format,
        "encoding": order.layout.encoding.name,
        "delimiter": order.layout.delimiter,
        "timezone": str(order.zone),
        "kind": order.mapping.kind,
        "mapping": dict(order.mapping.columns),
        "unmapped": list(order.mapping.unmapped),
        **account.dump(),
    }
    if result is not None:
        values |= {"scored": result.scored, "resumed_after": result.resumed_after}
        values["rejected_file"] = str(rejected) if account.rejected else None
    if dry_run:
        values["first"] = [
            {
                "id": one.external_id,
                "text": one.text,
                "title": one.title,
                "posted_at": one.posted_at.isoformat() if one.posted_at else None,
                "rating": one.rating,
                "is_matched": bool(one.matches),
            }
            for one in first
        ]
        values["refused"] = [
            {"line": row.line, "column": row.column, "value": row.value, "reason": row.reason}
            for row in refused
        ]
    return values
