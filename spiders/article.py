"""Spider for one page: a news article, or the reviews in a product page's structured data."""

from collections.abc import Mapping
from datetime import datetime

from scrapy.http import Response

from listener.items import (
    FailureKind,
    MentionItem,
    MentionKind,
    Precision,
    SourceFailure,
    SourceSpec,
)
from listener.text.article import PageReview, parse_page, read_article, read_reviews
from listener.text.charset import decode_page, known_encoding
from listener.text.language import detect_language
from listener.text.times import read_time
from spiders.base import Page, SourceSpider, hashed_id
from spiders.refusals import content_type_of

SOURCE = SourceSpec(
    name="article",
    description="One page: a news or blog article, or the reviews a product page carries",
    parameters={"url": "Address of the page"},
    optional={"encoding": "Encoding of the page where it names a wrong one, e.g. gbk"},
    example={"url": "https://example.com/news/1.html"},
    terms="Openly readable pages only; robots.txt is followed.",
)

MIN_TEXT_CHARS = 20


class ArticleSpider(SourceSpider):
    """Yield the reviews of a product page, or else the article."""

    spec = SOURCE
    conditional = True

    @classmethod
    def problem_with(cls, parameters: Mapping[str, str]) -> str | None:
        """Return what is wrong with the parameters, or None."""
        encoding = parameters.get("encoding")
        if encoding and known_encoding(encoding) is None:
            return f"'encoding' ({encoding[:40]}) is not known; write for example gbk or utf-8"
        return None

    def first_url(self) -> str:
        """Return the page's address."""
        return self.parameters["url"]

    def read(self, response: Response) -> Page:
        """Read a page; one without a readable text is named as changed."""
        encoding = self.parameters.get("encoding", "")
        html = decode_page(response.body, content_type_of(response), encoding=encoding)
        if "<" not in html:
            said = "the body is empty" if not html.strip() else "the body is no web page"
            return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, said))
        root = parse_page(html)
        if root is None:
            return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, "the page has no content"))
        reviews = read_reviews(root)
        if reviews:
            return Page(tuple(self._review(one, response.url) for one in reviews))
        article = read_article(root)
        if len(article.text) < MIN_TEXT_CHARS:
            detail = "no article and no review can be found on the page"
            return Page(failure=SourceFailure(FailureKind.SCHEMA_DRIFT, detail))
        raw, at, precision = self._posted(article.raw_times)
        item = MentionItem(
            source_id=response.url[:400] or hashed_id(article.title, article.text),
            kind=MentionKind.ARTICLE,
            url=response.url or None,
            title=article.title or None,
            text=article.text,
            author_name=article.author,
            author_id=article.author,
            posted_at=at,
            posted_precision=precision,
            posted_raw=raw,
            lang=detect_language(f"{article.title} {article.text}"),
        )
        return Page((item,))

    def _posted(
        self, raw_times: tuple[str, ...]
    ) -> tuple[str | None, datetime | None, Precision | None]:
        for raw in raw_times:
            reading = read_time(raw, collected_at=self.collected_at)
            if reading is not None:
                return raw, reading[0], reading[1]
        return (raw_times[0] if raw_times else None), None, None

    def _review(self, review: PageReview, url: str) -> MentionItem:
        raw, at, precision = self._posted((review.raw_time,) if review.raw_time else ())
        return MentionItem(
            source_id=review.id or hashed_id(review.author, review.raw_time, review.text),
            kind=MentionKind.REVIEW,
            url=url or None,
            title=review.title or None,
            text=review.text,
            author_name=review.author,
            author_id=review.author,
            posted_at=at,
            posted_precision=precision,
            posted_raw=raw,
            lang=detect_language(f"{review.title} {review.text}"),
            rating=review.rating,
            rating_max=review.rating_max,
        )
