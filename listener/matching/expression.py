"""What a query says, as a tree; ``str`` writes it so that parsing gives the same tree again."""

from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_NEAR = 50
DEFAULT_NEAR = 10


@dataclass(frozen=True, slots=True)
class Word:
    """A term: plain, with a wildcard, an ``@handle`` or a ``#topic#``. ``column`` is from 1."""

    text: str
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand together exactly like this."""

    text: str
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Regular:
    """A regular expression, without the slashes around it."""

    source: str
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"/{self.source}/"


@dataclass(frozen=True, slots=True)
class Site:
    """The host of the address is this one or below it."""

    host: str
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"site:{self.host}"


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not hold."""

    operand: "Expression"

    def __str__(self) -> str:
        return f"NOT {_inside(self.operand, And, Or)}"


@dataclass(frozen=True, slots=True)
class And:
    """All operands hold; at least two."""

    operands: tuple["Expression", ...]

    def __str__(self) -> str:
        return " AND ".join(_inside(one, And, Or) for one in self.operands)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more operands holds."""

    operands: tuple["Expression", ...]

    def __str__(self) -> str:
        return " OR ".join(_inside(one, Or) for one in self.operands)


@dataclass(frozen=True, slots=True)
class Near:
    """Both stand in one field, in either order, with at most ``distance`` units between."""

    left: "Expression"
    right: "Expression"
    distance: int

    def __str__(self) -> str:
        left, right = _inside(self.left, And, Or, Not), _inside(self.right, And, Or, Not, Near)
        return f"{left} NEAR/{self.distance} {right}"


@dataclass(frozen=True, slots=True)
class Within:
    """The operand is looked for in one named field only."""

    name: str
    operand: "Expression"

    def __str__(self) -> str:
        return f"{self.name}:{_inside(self.operand, And, Or, Not, Near)}"


Leaf = Word | Phrase | Regular | Site
Expression = Leaf | Not | And | Or | Near | Within


def _inside(operand: Expression, *looser: type) -> str:
    return f"({operand})" if isinstance(operand, looser) else str(operand)


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the direct operands of a node."""
    if isinstance(node, And | Or):
        return node.operands
    if isinstance(node, Not | Within):
        return (node.operand,)
    return (node.left, node.right) if isinstance(node, Near) else ()


def positive_leaves(node: Expression, *, is_positive: bool = True) -> Iterator[Leaf]:
    """Yield what a query looks for, leaving out what stands under an odd number of NOTs."""
    if isinstance(node, Not):
        yield from positive_leaves(node.operand, is_positive=not is_positive)
    elif isinstance(node, Word | Phrase | Regular | Site):
        if is_positive:
            yield node
    else:
        for operand in children(node):
            yield from positive_leaves(operand, is_positive=is_positive)
