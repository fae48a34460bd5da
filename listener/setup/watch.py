"""Which spider can watch the comments under a statement of our own, and its entry in config.toml.

An address that no spider can read openly is a blind spot and is said to be one; nothing logs in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from listener.config import Source
from listener.config_file import load_config
from listener.crawl.registry import check_parameters
from listener.errors import ConfigError
from listener.setup.toml import write_atomically
from listener.setup.writing import source_text

OWN_STATEMENT = "own_statement"
INTERVAL_S = 300
# Routes of RSSHub that give what people write under one page; {id} is found by the pattern.
_ROUTES = (
    (r"(?:www\.|m\.)?bilibili\.com/video/(?P<id>BV\w{10})", "/bilibili/video/reply/{id}"),
    (r"tieba\.baidu\.com/p/(?P<id>\d{5,15})", "/tieba/post/{id}"),
    (r"(?:www\.)?zhihu\.com/question/(?P<id>\d{5,15})", "/zhihu/question/{id}/created"),
    (r"(?:www\.)?v2ex\.com/t/(?P<id>\d{3,12})", "/v2ex/post/{id}"),
)
# Comments here are shown to people who are logged in, or inside an app only.
_CLOSED = {
    "weibo.com": "微博",
    "weibo.cn": "微博",
    "mp.weixin.qq.com": "微信公众号",
    "channels.weixin.qq.com": "微信视频号",
    "douyin.com": "抖音",
    "kuaishou.com": "快手",
    "xiaohongshu.com": "小红书",
    "xhslink.com": "小红书",
    "zhihu.com": "知乎的文章和回答",
    "toutiao.com": "头条",
    "bilibili.com": "B 站的动态和专栏",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The source that can watch an address, or none; ``said`` tells why or how (zh-CN)."""

    source: Source | None
    said: str


def watch_of(
    url: str,
    *,
    publication_id: int,
    brand_key: str,
    rsshub: str = "",
    item: str = "",
    is_enabled: bool = False,
) -> Watch:
    """Return which source can watch what people write under ``url``.

    ``rsshub`` is the address of the team's bridge, ``item`` the selector of one comment on an open
    page. Changes nothing and visits nothing.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        return _blind("没有登记可访问的网址")
    place = f"{parts.netloc}{parts.path}"
    route = next((r.format(id=m["id"]) for p, r in _ROUTES if (m := re.match(p, place))), None)
    if route is not None:
        if not rsshub:
            return _blind("可由 RSSHub 监听，但配置里没有 RSSHub 来源（见 docs/sources.md）")
        spider, parameters = "rsshub", {"base_url": rsshub, "route": route, "kind": "comment"}
    else:
        closed = [name for end, name in _CLOSED.items() if host == end or host.endswith(f".{end}")]
        if closed:
            return _blind(f"{closed[0]}的评论要登录或在 App 内才看得到，没有可用的采集方式")
        if not item:
            return _blind("公开网页可由 site 监听，请用 --comments 给出一条评论的 CSS 选择器")
        spider, parameters = "site", {"url": url, "item": item, "kind": "comment"}
    source = Source(
        key=f"own-statement-{publication_id}",
        name=f"声明评论 {publication_id}（{host}）"[:60],
        spider=spider,
        group=OWN_STATEMENT,
        brand=brand_key,
        interval_s=INTERVAL_S,
        enabled=is_enabled,
        parameters=parameters,
    )
    problem = check_parameters(spider, source.parameters)
    if problem:
        return _blind(problem)
    return Watch(source=source, said=f"这一页的评论可由 {spider} 监听")


def _blind(why: str) -> Watch:
    return Watch(source=None, said=f"⚠️ 盲区：这一页的评论监听不到：{why}。请安排人工查看。")


def bridge_of(sources: Sequence[Source]) -> str:
    """Return the address of the RSSHub bridge that a source is configured with, or nothing."""
    return next((one.parameters["base_url"] for one in sources if one.spider == "rsshub"), "")


def add_source(path: Path, source: Source) -> None:
    """Append a source to a configuration file; the rest of the file stays as it is.

    Raises ``ConfigError`` and changes nothing when the result would not be accepted.
    """
    load_config(path)
    before = path.read_text(encoding="utf-8-sig").rstrip()
    text = f"{before}\n\n{source_text(source)}"
    trial = path.with_name(f".{path.name}.trial")
    try:
        write_atomically(trial, text)
        load_config(trial)
        write_atomically(path, text, mode=path.stat().st_mode & 0o777)
    except ConfigError as error:
        raise ConfigError(str(error).replace(str(trial), str(path))) from None
    except OSError as error:
        raise ConfigError(f"cannot write '{path}' ({error.strerror})") from None
    finally:
        trial.unlink(missing_ok=True)
