"""Reads a query of the language in ``docs/queries.md`` into a tree.

Binding, tightest first: field, NEAR, NOT, AND (also between adjacent operands), OR.
"""

import re

from listener.errors import QueryError
from listener.matching.expression import (
    And,
    Expression,
    Near,
    Not,
    Or,
    Phrase,
    Regular,
    Site,
    Within,
    Word,
    children,
    positive_leaves,
)
from listener.matching.sites import folded_host
from listener.matching.terms import compile_regular_term, compile_term
from listener.matching.tokens import Token, TokenKind, tokenize

MAX_QUERY_CHARS = 10_000
MAX_DEPTH = 40

_BINARY = (TokenKind.AND, TokenKind.OR, TokenKind.NEAR)
_ONLY_SPACE = re.compile(r"\s*")


def parse_query(query: str, *, allow_regular: bool = False) -> Expression:
    """Parse a query. Raises ``QueryError``, whose column lies within the query.

    Every term is checked, so that what was parsed can be compiled. Regular expressions are
    refused unless ``allow_regular``.
    """
    if len(query) > MAX_QUERY_CHARS:
        raise QueryError(
            f"the query has {len(query)} characters, more than {MAX_QUERY_CHARS}; "
            "make it several brands or topics",
            column=MAX_QUERY_CHARS,
        )
    tokens = list(tokenize(query))
    if not tokens:
        raise QueryError("the query is empty; write at least one term", column=1)
    parser = _Parser(tokens, allow_regular=allow_regular)
    expression = parser.disjunction(0)
    if parser.peek() is not None:
        raise parser.refused("this ) closes nothing; remove it, or add ( before it")
    if not any(positive_leaves(expression)):
        raise QueryError(
            "the query only says what must not occur; add a term that must",
            column=tokens[0].column,
        )
    return expression


class _Parser:
    def __init__(self, tokens: list[Token], *, allow_regular: bool) -> None:
        self._tokens = tokens
        self._at = 0
        self._allow_regular = allow_regular

    def peek(self) -> TokenKind | None:
        return self._tokens[self._at].kind if self._at < len(self._tokens) else None

    def take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def refused(self, problem: str) -> QueryError:
        """Return the error for the next token, or for the last when there is none."""
        token = self._tokens[min(self._at, len(self._tokens) - 1)]
        return QueryError(problem, column=token.column)

    def disjunction(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise self.refused(f"more than {MAX_DEPTH} levels of groups and NOTs; simplify")
        operands = [self.conjunction(depth)]
        while self.peek() is TokenKind.OR:
            self.take()
            operands.append(self.conjunction(depth))
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def conjunction(self, depth: int) -> Expression:
        operands = [self.negation(depth)]
        while self.peek() not in (None, TokenKind.OR, TokenKind.CLOSE):
            if self.peek() is TokenKind.AND:
                self.take()
            operands.append(self.negation(depth))
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def negation(self, depth: int) -> Expression:
        if self.peek() is not TokenKind.NOT:
            return self.nearness(depth)
        if depth > MAX_DEPTH:
            raise self.refused(f"more than {MAX_DEPTH} levels of groups and NOTs; simplify")
        self.take()
        return Not(self.negation(depth + 1))

    def nearness(self, depth: int) -> Expression:
        begin = self._at
        left = self.primary(depth)
        while self.peek() is TokenKind.NEAR:
            self._check_near_operand(left, begin)
            near = self.take()
            begin = self._at
            right = self.primary(depth)
            self._check_near_operand(right, begin)
            left = Near(left, right, near.number)
        return left

    def _check_near_operand(self, operand: Expression, begin: int) -> None:
        if not _has_places(operand):
            raise QueryError(
                "NEAR joins terms, phrases or groups of them with OR; "
                "move AND, NOT and site: out of its operands",
                column=self._tokens[begin].column,
            )

    def primary(self, depth: int) -> Expression:
        kind = self.peek()
        if kind is TokenKind.OPEN:
            return self._group(depth)
        if kind is TokenKind.FIELD:
            return self._within(depth)
        if kind in (None, TokenKind.CLOSE, *_BINARY, TokenKind.NOT):
            raise self._missing_operand()
        return self._leaf(self.take())

    def _missing_operand(self) -> QueryError:
        last = self._tokens[self._at - 1] if self._at else None
        if last is None:
            return self.refused(f"{self._tokens[0].text} needs a term before it")
        if last.kind is TokenKind.OPEN:
            return QueryError("there is nothing in this group; add a term", column=last.column)
        name = f"{last.text}:" if last.kind is TokenKind.FIELD else last.text
        wanted = "term, phrase or group"
        return QueryError(f"{name} needs a {wanted} after it", column=last.column)

    def _group(self, depth: int) -> Expression:
        opening = self.take()
        inner = self.disjunction(depth + 1)
        if self.peek() is not TokenKind.CLOSE:
            raise QueryError(
                "this ( is never closed; add ) where the group ends", column=opening.column
            )
        self.take()
        return inner

    def _within(self, depth: int) -> Expression:
        field = self.take()
        operand = self.primary(depth)
        if _holds_field(operand):
            raise QueryError(
                f"inside {field.text}: there may be no other field and no site:; move it out",
                column=field.column,
            )
        return Within(field.text, operand)

    def _leaf(self, token: Token) -> Expression:
        if token.kind is TokenKind.SITE:
            return Site(folded_host(token.text, column=token.column), token.column)
        if token.kind is TokenKind.PHRASE:
            compile_term(token.text, is_phrase=True, column=token.column)
            return Phrase(token.text, token.column)
        if token.kind is TokenKind.WORD:
            compile_term(token.text, column=token.column)
            return Word(token.text, token.column)
        if not self._allow_regular:
            raise QueryError(
                "regular expressions are switched off; use *, ? or NEAR, or put the text in "
                '"quotes" to look for it as it is',
                column=token.column,
            )
        compile_regular_term(token.text, column=token.column)
        return Regular(token.text, token.column)


def _has_places(node: Expression) -> bool:
    """Say whether an operand of NEAR occurs at places in the text."""
    if isinstance(node, Word | Phrase | Regular):
        return True
    return isinstance(node, Or | Near | Within) and all(map(_has_places, children(node)))


def _holds_field(node: Expression) -> bool:
    return isinstance(node, Within | Site) or any(map(_holds_field, children(node)))
