"""The selectors of a configured page: how they are written, checked and applied.

A selector is CSS, with ``::text`` and ``::attr(name)`` where wanted, or XPath when it begins with
``/``, ``./`` or ``(``. Without ``::text`` or ``::attr`` it means the element, read as a person
would: the text, the address of a link, the ``datetime`` of a ``<time>``.
"""

from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from lxml import etree
from parsel import Selector

from listener.text.article import MAX_PAGE_CHARS
from listener.text.clean import MAX_TEXT_CHARS, clean_text, element_text

MAX_MATCHES = 2_000


def is_xpath(expression: str) -> bool:
    """Say whether a selector is XPath; every other one is CSS."""
    return expression.startswith(("/", "./", "(", "../"))


def open_page(html: str) -> Selector:
    """Return a page to select from; nesting deeper than 256 is cut as the parser does."""
    return Selector(text=html.replace("\x00", "")[:MAX_PAGE_CHARS], huge_tree=False)


def select(node: Selector, expression: str) -> list[Selector]:
    """Apply a selector to a page or to one element of it."""
    return list(node.xpath(expression) if is_xpath(expression) else node.css(expression))


def problem_of(expression: str, *, inside_item: bool) -> str | None:
    """Return what is wrong with a selector, or None. ``inside_item``: it starts at an item."""
    if inside_item and expression.startswith(("/", "(/")):
        return "reads the whole page instead of one item; begin it with './/'"
    try:
        select(Selector(text="<html><body><p>x</p></body></html>"), expression)
    except Exception as error:  # parsel, cssselect and lxml each raise their own kinds
        reason = clean_text(str(error), max_chars=120).replace("\n", " ")
        kind = "XPath" if is_xpath(expression) else "CSS"
        return f"is not valid {kind} ({type(error).__name__}: {reason})"
    return None


def text_of(found: Sequence[Selector], *, joined: bool = False) -> str:
    """Return the text of the first match, or of all of them as paragraphs."""
    texts: list[str] = []
    length = 0
    for one in found[:MAX_MATCHES]:
        root = one.root
        text = element_text(root) if isinstance(root, etree._Element) else clean_text(str(root))
        if text:
            texts.append(text)
            length += len(text)
        if texts and (not joined or length > MAX_TEXT_CHARS):
            break
    return "\n".join(texts)[:MAX_TEXT_CHARS]


def time_of(found: Sequence[Selector]) -> str:
    """Return the raw time of the first match: an attribute that machines read, else its text."""
    for one in found[:1]:
        if isinstance(one.root, etree._Element):
            for name in ("datetime", "data-time", "data-timestamp", "content"):
                if value := one.root.get(name):
                    return clean_text(value, max_chars=200)
    return clean_text(text_of(found), max_chars=200)


def address_of(found: Sequence[Selector], base_url: str) -> str | None:
    """Return the absolute web address of the first match: an ``href``, or a text that is one."""
    for one in found[:20]:
        root = one.root
        if isinstance(root, etree._Element):
            inner = root if root.get("href") else root.find(".//a[@href]")
            value = (inner.get("href") or "") if inner is not None else ""
        else:
            value = str(root)
        address = absolute(base_url, value)
        if address is not None:
            return address
    return None


def absolute(base_url: str, value: str) -> str | None:
    """Return an absolute http address, or None for anything else."""
    value = clean_text(value, max_chars=2_000).replace("\n", "")
    if not value or value.startswith("#"):
        return None
    try:
        address = urljoin(base_url, value)
    except ValueError:
        return None
    is_web = address.lower().startswith(("http://", "https://"))
    return address[:2_000] if is_web and " " not in address else None


def profile_of(author: Sequence[Selector], base_url: str) -> str | None:
    """Return the address of an author's own page, which names them better than a nickname."""
    for one in author[:1]:
        href = one.root.get("href") if isinstance(one.root, etree._Element) else None
        return absolute(base_url, href) if href else None
    return None


def same_site(address: str, listing: str) -> bool:
    """Say whether an address belongs to the listing's site: its host or one below it."""
    ours, theirs = urlsplit(listing), urlsplit(address)
    base = (ours.hostname or "").removeprefix("www.")
    host = theirs.hostname or ""
    try:
        is_default = theirs.port in (None, 80, 443) and ours.port in (None, 80, 443)
        is_same_port = is_default or theirs.port == ours.port
    except ValueError:
        return False
    return is_same_port and (host == base or host.endswith("." + base))
