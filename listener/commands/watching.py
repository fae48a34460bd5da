"""What ``statements published`` does about the comments under the published text."""

from typing import Annotated, Any

import typer

from listener.commands.common import Office
from listener.errors import ConfigError
from listener.setup.watch import add_source, bridge_of, watch_of
from listener.store import incidents, statements

WatchOption = Annotated[
    bool | None,
    typer.Option(
        "--watch/--no-watch",
        help="Listen to the comments there; without either the source is added switched off.",
    ),
]
CommentsOption = Annotated[
    str, typer.Option(help="CSS selector of one comment on that page, for the spider 'site'.")
]


def watch_publication(
    office: Office,
    statement_id: int,
    publication_id: int,
    url: str,
    *,
    watch: bool | None,
    comments: str,
) -> dict[str, Any]:
    """Add a source for the comments under a publication; return its key and what to tell (zh-CN).

    The publication stands whatever comes of it: a file that cannot be changed is said and no more.
    """
    statement = office.read(lambda session: statements.statement(session, statement_id))
    incident = office.read(lambda s: incidents.incident(s, statement.incident_id))
    brand = office.desk.brands.get(incident.brand_id)
    found = watch_of(
        url,
        publication_id=publication_id,
        brand_key=brand.key if brand is not None else "",
        rsshub=bridge_of(office.file.config.sources),
        item=comments,
        is_enabled=bool(watch),
    )
    if found.source is None or brand is None or watch is False:
        return {"source": None, "said": found.said}
    if office.file.config.demo.enabled:
        return {"source": None, "said": f"{found.said}；演示模式不改配置。"}
    try:
        add_source(office.file.path, found.source)
    except ConfigError as error:
        return {"source": None, "said": f"{found.said}，但没能写入配置：{error}"}
    state = "已启用，重启服务后开始监听" if watch else "未启用，改为 enabled = true 后开始监听"
    return {
        "source": found.source.key,
        "said": f"{found.said}，已加入来源 {found.source.key}（{state}）。",
    }
