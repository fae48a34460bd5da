"""Check a public statement before it goes out: parts, wording, facts, form, law (domain rules)."""

from crisis.lint.check import lint_statement
from crisis.lint.finding import Finding, Level
from crisis.lint.rules import Rule, rules
from crisis.lint.statement import (
    SheetFact,
    StatementToCheck,
    UnreadableStatement,
    read_facts,
    read_statement,
)

__all__ = [
    "Finding",
    "Level",
    "Rule",
    "SheetFact",
    "StatementToCheck",
    "UnreadableStatement",
    "lint_statement",
    "read_facts",
    "read_statement",
    "rules",
]
