"""Reads the page behind an entry of a listing: by its selectors, or as an article without any."""

from dataclasses import replace

from listener.text.article import Article, parse_page, read_article
from listener.text.clean import clean_text
from spiders.selectors import open_page, select, text_of, time_of
from spiders.site_settings import SiteSettings

_NOTHING = Article(title="", text="", author=None, raw_times=())


def read_detail(html: str, settings: SiteSettings) -> Article:
    """Return what a detail page adds; what the listing's selectors give already stays theirs."""
    if "<" not in html:
        return _NOTHING
    if not settings.detail:
        root = parse_page(html)
        article = _NOTHING if root is None else read_article(root)
        return replace(
            article,
            title="" if "title" in settings.fields else article.title,
            author=None if "author" in settings.fields else article.author,
        )
    page = open_page(html)
    given = {name: select(page, rule) for name, rule in settings.detail.items()}
    raw_time = time_of(given.get("time", []))
    return Article(
        title=" ".join(text_of(given.get("title", [])).split())[:300],
        text=text_of(given.get("text", []), joined=True),
        author=clean_text(text_of(given.get("author", [])), max_chars=80) or None,
        raw_times=(raw_time,) if raw_time else (),
    )
