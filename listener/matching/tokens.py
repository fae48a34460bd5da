"""Cuts a query into tokens, each with its column: from 1, in code points of the query as given."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from listener.errors import QueryError
from listener.matching.expression import DEFAULT_NEAR, MAX_NEAR
from listener.matching.terms import QUOTES
from listener.text.fold import ZERO_WIDTH

FIELDS = ("title", "text", "author", "url")
"""Fields that a term may be bound to; without one, title and text are searched."""

SITE = "site"
_ENUMERATING = ",，、､;；﹐﹔"
_OPENING, _CLOSING, _COLONS, _SLASHES = "(（", ")）", ":：", "/／"
_FIELD_LIKE = re.compile(r"[A-Za-zＡ-Ｚａ-ｚ_]+")
_NEAR = re.compile(r"NEAR(?:/(.*))?", re.DOTALL)


class TokenKind(StrEnum):
    """What a token is."""

    WORD = "word"
    PHRASE = "phrase"
    REGULAR = "regular"
    SITE = "site"
    FIELD = "field"
    NEAR = "NEAR"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    OPEN = "("
    CLOSE = ")"


@dataclass(frozen=True, slots=True)
class Token:
    """A token: ``text`` without quotes or slashes, ``number`` is the distance of a NEAR."""

    kind: TokenKind
    text: str
    column: int
    number: int = 0


def tokenize(query: str) -> Iterator[Token]:
    """Yield the tokens of a query. Raises ``QueryError`` at the first that cannot be one."""
    at = 0
    while at < len(query):
        char = query[at]
        if char.isspace() or char in ZERO_WIDTH:
            at += 1
            continue
        if char in _OPENING or char in _CLOSING:
            kind = TokenKind.OPEN if char in _OPENING else TokenKind.CLOSE
            yield Token(kind, kind, at + 1)
            at += 1
            continue
        token, at = _long_token(query, at)
        yield token


def _long_token(query: str, at: int) -> tuple[Token, int]:
    """Return the token that begins at ``at`` and where the next may begin."""
    char = query[at]
    if char in _ENUMERATING:
        raise _enumeration(char, at)
    if char in QUOTES:
        return _phrase(query, at)
    if char in _SLASHES:
        return _regular(query, at)
    name = _FIELD_LIKE.match(query, at)
    if name and name.end() < len(query) and query[name.end()] in _COLONS:
        return _field(query, at, name)
    end = _end_of_word(query, at)
    return _word(query[at:end], at + 1), end


def _end_of_word(query: str, at: int) -> int:
    for end in range(at, len(query)):
        char = query[end]
        if char.isspace() or char in _OPENING or char in _CLOSING or char in QUOTES:
            return end
        if char in _ENUMERATING:
            raise _enumeration(char, end)
    return len(query)


def _enumeration(char: str, at: int) -> QueryError:
    return QueryError(
        f"'{char}' does not join terms; write OR for any of them or AND for all of them "
        'between the terms, or put the text in "quotes"',
        column=at + 1,
    )


def _phrase(query: str, at: int) -> tuple[Token, int]:
    for end in range(at + 1, len(query)):
        if query[end] in QUOTES:
            break
    else:
        raise QueryError(
            'this quotation mark is never closed; add " where the phrase ends', column=at + 1
        )
    text = query[at + 1 : end]
    if not text.strip():
        raise QueryError("there is nothing between the quotation marks", column=at + 1)
    return Token(TokenKind.PHRASE, text, at + 1), end + 1


def _regular(query: str, at: int) -> tuple[Token, int]:
    end = at + 1
    while end < len(query) and query[end] != "/":
        end += 2 if query[end] == "\\" else 1
    if end >= len(query):
        raise QueryError(
            "/ begins a regular expression that is never closed; add / where it ends, "
            'or put the term in "quotes"',
            column=at + 1,
        )
    return Token(TokenKind.REGULAR, query[at + 1 : end], at + 1), end + 1


def _field(query: str, at: int, name: re.Match[str]) -> tuple[Token, int]:
    field = unicodedata.normalize("NFKC", name[0]).casefold()
    after = name.end() + 1
    if field == SITE:
        end = _end_of_word(query, after)
        return Token(TokenKind.SITE, query[after:end], at + 1), end
    if field not in FIELDS:
        known = ", ".join(f"{one}:" for one in (*FIELDS, SITE))
        raise QueryError(
            f"there is no field '{name[0]}:'; the fields are {known}; "
            'to look for the text itself, put it in "quotes"',
            column=at + 1,
        )
    return Token(TokenKind.FIELD, field, at + 1), after


def _word(text: str, column: int) -> Token:
    plain = unicodedata.normalize("NFKC", text)
    if plain in (TokenKind.AND, TokenKind.OR, TokenKind.NOT):
        return Token(TokenKind(plain), plain, column)
    near = _NEAR.fullmatch(plain)
    if near is None:
        return Token(TokenKind.WORD, text, column)
    number = near[1]
    if number is None:
        return Token(TokenKind.NEAR, text, column, DEFAULT_NEAR)
    if not re.fullmatch(r"[0-9]{1,3}", number) or int(number) > MAX_NEAR:
        raise QueryError(
            f"'{text}' needs a whole number from 0 to {MAX_NEAR}, as in NEAR/5", column=column
        )
    return Token(TokenKind.NEAR, text, column, int(number))
