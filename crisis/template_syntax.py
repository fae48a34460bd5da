"""The safe subset of Jinja that a team may write statements in, checked before anything runs.

Names, attributes of facts, ``if``, one level of ``for`` and two filters. Whatever is not on the
list is refused by name: Jinja's own sandbox lets a template call methods and build huge texts.
"""

from collections.abc import Collection

from jinja2 import Environment, TemplateError, nodes

from listener.errors import TemplateRejected

MAX_SOURCE_CHARS = 16_000
MAX_NODES = 1_500
MAX_DEPTH = 16
MAX_CONSTANT_CHARS = 20
FACT_ATTRIBUTES = frozenset({"known", "unknown", "value", "as_of", "items"})
LOOP_ATTRIBUTES = frozenset({"first", "last", "index"})
FILTERS = frozenset({"listed", "sentence"})
LOOP = "loop"

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Filter,
    nodes.If,
    nodes.For,
    nodes.And,
    nodes.Or,
    nodes.Not,
)


def check_template(
    environment: Environment,
    source: str,
    *,
    name: str,
    facts: Collection[str],
    words: frozenset[str],
) -> None:
    """Accept a template or raise ``TemplateRejected`` with the line and the thing refused.

    ``facts`` are the names whose attributes it may read, ``words`` the names that are plain lists
    or texts. Nothing is compiled or run.
    """
    if len(source) > MAX_SOURCE_CHARS:
        raise _rejected(name, 1, f"{len(source)} characters; at most {MAX_SOURCE_CHARS} allowed")
    try:
        tree = environment.parse(source)
    except (TemplateError, RecursionError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise _rejected(name, line, f"not readable as a template ({error})") from None
    _Check(name, frozenset(facts), words).visit_all(tree)


def _rejected(name: str, line: int, what: str) -> TemplateRejected:
    return TemplateRejected(f"{name}:{line}: {what}")


class _Check:
    """Walks one tree without recursion, so that a deep one cannot exhaust the stack."""

    def __init__(self, name: str, facts: frozenset[str], words: frozenset[str]) -> None:
        self._name = name
        self._facts = facts
        self._words = words

    def visit_all(self, tree: nodes.Template) -> None:
        """Check every node; ``inside`` is the loop variable where a loop is open."""
        waiting: list[tuple[nodes.Node, int, str | None]] = [(tree, 0, None)]
        count = 0
        while waiting:
            node, depth, inside = waiting.pop()
            count += 1
            if count > MAX_NODES or depth > MAX_DEPTH:
                raise self._refuse(node, "too long or too deeply nested")
            if not isinstance(node, _ALLOWED):
                raise self._refuse(node, f"'{type(node).__name__.lower()}' is not allowed")
            for child, inner in self._children(node, inside):
                waiting.append((child, depth + 1, inner))

    def _children(
        self, node: nodes.Node, inside: str | None
    ) -> list[tuple[nodes.Node, str | None]]:
        """Check one node and return what is still to be checked below it."""
        if isinstance(node, nodes.Name):
            self._name_is_known(node, inside)
            return []
        if isinstance(node, nodes.Getattr):
            self._attribute_is_known(node, inside)
            return []
        if isinstance(node, nodes.Filter):
            return self._filtered(node, inside)
        if isinstance(node, nodes.For):
            return self._looped(node, inside)
        return [(child, inside) for child in node.iter_child_nodes()]

    def _name_is_known(self, node: nodes.Name, inside: str | None) -> None:
        if node.ctx != "load":
            raise self._refuse(node, f"'{node.name}' cannot be set")
        if node.name not in self._words and node.name != inside:
            hint = " has to be read as .value" if node.name in self._facts else " is not declared"
            raise self._refuse(node, f"'{node.name}'{hint}")

    def _attribute_is_known(self, node: nodes.Getattr, inside: str | None) -> None:
        owner = node.node
        if not isinstance(owner, nodes.Name) or node.ctx != "load":
            raise self._refuse(node, f"'.{node.attr}' is not read from a fact")
        if owner.name == LOOP and inside is not None:
            allowed = LOOP_ATTRIBUTES
        elif owner.name in self._facts:
            allowed = FACT_ATTRIBUTES
        else:
            raise self._refuse(node, f"'{owner.name}' is not declared in _meta.toml")
        if node.attr not in allowed:
            raise self._refuse(node, f"'{owner.name}.{node.attr}' does not exist")

    def _filtered(
        self, node: nodes.Filter, inside: str | None
    ) -> list[tuple[nodes.Node, str | None]]:
        if node.name not in FILTERS:
            raise self._refuse(node, f"filter '{node.name}' is not allowed")
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs or node.node is None:
            raise self._refuse(node, f"filter '{node.name}' takes no arguments")
        return [(node.node, inside)]

    def _looped(self, node: nodes.For, inside: str | None) -> list[tuple[nodes.Node, str | None]]:
        if inside is not None:
            raise self._refuse(node, "a loop inside a loop is not allowed")
        if node.recursive or node.test is not None or node.else_:
            raise self._refuse(node, "a loop takes no condition, else or recursion")
        target, over = node.target, node.iter
        if not isinstance(target, nodes.Name) or target.name in self._facts | self._words | {LOOP}:
            raise self._refuse(node, "a loop needs one new name")
        is_list = isinstance(over, nodes.Getattr) and over.attr == "items"
        if not is_list and not (isinstance(over, nodes.Name) and over.name in self._words):
            raise self._refuse(node, "a loop goes over the items of a fact only")
        return [(over, None), *((child, target.name) for child in node.body)]

    def _refuse(self, node: nodes.Node, what: str) -> TemplateRejected:
        return _rejected(self._name, node.lineno or 1, what)
