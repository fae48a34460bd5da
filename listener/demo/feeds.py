"""Writes what the site serves: RSS, Atom, the App Store's review JSON and small pages.

Pure functions of posts. All text is escaped here; only a post's own ``html`` is taken as markup.
"""

import html
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from urllib.parse import quote

from listener.demo.brand import APP_NAME, BRAND_NAME, COMPANY_NAME
from listener.demo.posts import Channel, Post

NEWS_PER_PAGE = 60
FORUM_PER_PAGE = 200
REVIEWS_PER_PAGE = 50
REVIEW_PAGES = 10
"""The App Store shows the newest 500 reviews of a country and answers 400 beyond."""

_TAG_AUTHORITY = "demo.fengsheng.example,2026"
_ICON = "赞"
_PACIFIC = timezone(timedelta(hours=-7))
_NOTICE = "演示站点：品牌、人物、媒体和事件均为虚构，仅在本机供风声演示使用。"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a feed: its posts, newest first, and where it stands."""

    posts: Sequence[Post]
    number: int
    last: int


def page_of(newest_first: Sequence[Post], number: int, size: int) -> Page:
    """Return page ``number``, counted from 1; beyond the last it is empty."""
    last = max(1, math.ceil(len(newest_first) / size))
    start = max(0, number - 1) * size
    return Page(newest_first[start : start + size], number, last)


def news_feed(page: Page, base_url: str) -> str:
    """Return RSS 2.0 with content:encoded, paged by RFC 5005."""
    address = f"{base_url}/news/feed.xml"
    items = "".join(_news_item(post, base_url) for post in page.posts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">\n<channel>\n'
        f"<title>居家电讯联播（演示）</title>\n<link>{_text(base_url)}/</link>\n"
        f"<description>{_NOTICE}</description>\n<language>zh-CN</language>\n"
        f"{_built(page)}{_page_links(page, address, 'atom:link', 'application/rss+xml')}"
        f"{items}</channel>\n</rss>\n"
    )


def forum_feed(page: Page, base_url: str) -> str:
    """Return Atom 1.0 with HTML content and comment counts, paged by RFC 5005."""
    address = f"{base_url}/forum/feed.xml"
    updated = page.posts[0].posted_at if page.posts else datetime.fromtimestamp(0, UTC)
    entries = "".join(_forum_entry(post, base_url) for post in page.posts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xml:lang="zh-CN">\n'
        f"<id>tag:{_TAG_AUTHORITY}:forum</id>\n<title>拖把与猫论坛（演示）</title>\n"
        f"<subtitle>{_NOTICE}</subtitle>\n<updated>{updated.isoformat()}</updated>\n"
        f'<link rel="alternate" type="text/html" href="{_text(base_url)}/"/>\n'
        f"{_page_links(page, address, 'link', 'application/atom+xml')}{entries}</feed>\n"
    )


def reviews_json(
    page: Page, base_url: str, *, country: str, app_id: str, updated_at: datetime
) -> str:
    """Return a page of the customer reviews feed exactly as the App Store shapes it.

    ``entry`` is absent without reviews and an object where there is one. Every address stays on
    this site, so that nobody who follows one ends up at the real shop.
    """
    home = f"{base_url}/{country}/rss/customerreviews"
    own = f"{home}/id={app_id}/sortBy=mostRecent"
    feed: dict[str, object] = {
        "author": {
            "name": {"label": COMPANY_NAME},
            "uri": {"label": f"{base_url}/"},
        }
    }
    entries = [_review(post, base_url) for post in page.posts]
    if entries:
        feed["entry"] = entries[0] if len(entries) == 1 else entries
    feed |= {
        "updated": _label(_pacific(updated_at)),
        "rights": _label(_NOTICE),
        "title": _label(f"{APP_NAME}: 顾客评论"),
        "icon": _label(f"{base_url}/emoticon/{quote(_ICON)}.svg"),
        "link": _review_links(page, own, home, f"{base_url}/", app_id),
        "id": _label(f"{own}/json"),
    }
    return json.dumps({"feed": feed}, ensure_ascii=False)


def post_page(post: Post) -> str:
    """Return the page of one post, where quotes in an alert lead."""
    body = post.html or f"<p>{_text(post.text).replace(chr(10), '<br>')}</p>"
    facts = [_name(post)]
    if post.followers:
        facts.append(f"{post.followers:,} 粉丝")
    if post.rating:
        facts.append("★" * post.rating + "☆" * (5 - post.rating))
    if post.version:
        facts.append(f"版本 {post.version}")
    facts.append(post.posted_at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    counts = f"赞 {post.likes} · 转发 {post.reposts} · 评论 {post.comments}"
    return _html_page(
        post.title,
        f"<h1>{_text(post.title)}</h1><p class='facts'>{_text(' · '.join(facts))}</p>"
        f"<article>{body}</article><p class='facts'>{counts}</p>",
    )


def user_page(posts: Sequence[Post]) -> str:
    """Return the page of one author: who it is and what is shown of theirs, newest first."""
    author = posts[0]
    links = "".join(
        f"<li><a href='/post/{post.id}'>{_text(post.title)}</a></li>" for post in posts
    )
    return _html_page(
        author.author,
        f"<h1>{_text(_name(author))}</h1><p class='facts'>{author.followers:,} 粉丝</p>"
        f"<ul>{links}</ul>",
    )


def home_page(shown: Sequence[Post], app_id: str) -> str:
    """Return the page that explains the site to a person."""
    counts = {channel: sum(post.channel is channel for post in shown) for channel in Channel}
    rows = "".join(
        f"<li><a href='{path}'><code>{path}</code></a> {name}，{counts[channel]} 篇</li>"
        for path, name, channel in (
            ("/news/feed.xml", "新闻（RSS）", Channel.NEWS),
            ("/forum/feed.xml", "论坛（Atom）", Channel.FORUM),
            (
                f"/cn/rss/customerreviews/page=1/id={app_id}/sortby=mostrecent/json",
                "应用商店评论",
                Channel.REVIEWS,
            ),
            ("/mall/feed.xml", "商城问答，故意停在 503，演示“看不见的来源”", Channel.MALL),
        )
    )
    return _html_page(
        "风声演示站点",
        f"<h1>风声演示站点</h1><p>{_NOTICE}</p>"
        f"<p>虚构品牌“{BRAND_NAME}”三周的日常，以及一场正在发生的固件事故。"
        f"只有时间已到的内容才会出现，刷新就能看到新帖。</p><ul>{rows}</ul>",
    )


def message_page(title: str, message: str) -> str:
    """Return a small page that says one thing."""
    return _html_page(title, f"<h1>{_text(title)}</h1><p>{_text(message)}</p>")


def emoticon_svg(picture: str) -> str:
    """Return an emoticon as a drawing."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="18" height="18">'
        f'<text y="15" font-size="15">{_text(picture)}</text></svg>'
    )


def _news_item(post: Post, base_url: str) -> str:
    summary = post.text.split("\n", maxsplit=1)[0]
    return (
        f"<item>\n<title>{_text(post.title)}</title>\n"
        f"<link>{_text(base_url)}/post/{post.id}</link>\n"
        f'<guid isPermaLink="false">{_tag(post)}</guid>\n'
        f"<pubDate>{format_datetime(post.posted_at)}</pubDate>\n"
        f"<dc:creator>{_text(post.author)}</dc:creator>\n"
        f"<description>{_text(summary)}</description>\n"
        f"<content:encoded>{_text(post.html or '')}</content:encoded>\n</item>\n"
    )


def _forum_entry(post: Post, base_url: str) -> str:
    at = post.posted_at.isoformat()
    author = f"{_text(base_url)}/user/{post.author_id}"
    return (
        f"<entry>\n<id>{_tag(post)}</id>\n<title>{_text(post.title)}</title>\n"
        f'<link rel="alternate" type="text/html" href="{_text(base_url)}/post/{post.id}"/>\n'
        f"<author><name>{_text(post.author)}</name><uri>{author}</uri></author>\n"
        f"<published>{at}</published>\n<updated>{at}</updated>\n"
        f"<slash:comments>{post.comments}</slash:comments>\n"
        f'<content type="html">{_text(post.html or "")}</content>\n</entry>\n'
    )


def _review(post: Post, base_url: str) -> dict[str, object]:
    return {
        "author": {
            "uri": _label(f"{base_url}/{post.country}/reviews/id{post.author_id}"),
            "name": _label(post.author),
            "label": "",
        },
        "updated": _label(_pacific(post.posted_at)),
        "im:rating": _label(str(post.rating)),
        "im:version": _label(post.version or ""),
        "id": _label(post.id),
        "title": _label(post.title),
        "content": {"label": post.text, "attributes": {"type": "text"}},
        "link": {"attributes": {"rel": "related", "href": f"{base_url}/post/{post.id}"}},
        "im:voteSum": _label(str(post.likes)),
        "im:contentType": {"attributes": {"term": "Application", "label": "应用"}},
        "im:voteCount": _label(str(post.likes)),
    }


def _review_links(
    page: Page, own: str, home: str, shop: str, app_id: str
) -> list[dict[str, dict[str, str]]]:
    # As in the App Store, the last page's "next" leads to itself.
    targets = {
        "first": 1,
        "last": page.last,
        "previous": max(1, page.number - 1),
        "next": min(page.last, page.number + 1),
    }
    links = [
        {"rel": "alternate", "type": "text/html", "href": shop},
        {"rel": "self", "href": f"{own}/page={page.number}/json"},
        *(
            {
                "rel": relation,
                "href": f"{home}/page={number}/id={app_id}/sortby=mostrecent/xml"
                f"?urlDesc=/customerreviews/id={app_id}/sortBy=mostRecent/page={page.number}/json",
            }
            for relation, number in targets.items()
        ),
    ]
    return [{"attributes": attributes} for attributes in links]


def _page_links(page: Page, address: str, element: str, media_type: str) -> str:
    numbers = {"self": page.number, "first": 1, "last": page.last}
    if page.number < page.last:
        numbers["next"] = page.number + 1
    if page.number > 1:
        numbers["previous"] = page.number - 1
    return "".join(
        f'<{element} rel="{relation}" type="{media_type}" '
        f'href="{_text(address if number == 1 else f"{address}?page={number}")}"/>\n'
        for relation, number in numbers.items()
    )


def _built(page: Page) -> str:
    if not page.posts:
        return ""
    return f"<lastBuildDate>{format_datetime(page.posts[0].posted_at)}</lastBuildDate>\n"


def _html_page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>body{{font:16px/1.7 sans-serif;max-width:42rem;"
        "margin:2rem auto;padding:0 1rem;color:#222}.facts,footer{color:#666;font-size:14px}"
        ".emoticon{vertical-align:-3px}</style></head>"
        f"<body>{body}<footer>{_NOTICE}</footer></body></html>\n"
    )


def _name(post: Post) -> str:
    return f"{post.author} ✓" if post.verified else post.author


def _tag(post: Post) -> str:
    return f"tag:{_TAG_AUTHORITY}:{post.channel}/{quote(post.id)}"


def _label(value: str) -> dict[str, str]:
    return {"label": value}


def _pacific(at: datetime) -> str:
    return at.astimezone(_PACIFIC).isoformat()


def _text(value: str) -> str:
    return html.escape(value)
