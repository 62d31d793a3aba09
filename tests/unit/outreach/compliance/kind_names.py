"""Where code decides by the name of a kind of rule instead of by its `Kind`."""

import ast
from collections.abc import Iterable, Iterator

from services.outreach.compliance.kinds import KINDS


def decisions_by_name(text: str) -> list[int]:
    """The lines that compare a kind with a name, or look one up in a table of names."""
    return sorted({line for node in ast.walk(ast.parse(text)) for line in _lines(node)})


def _lines(node: ast.AST) -> Iterator[int]:
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        if any(_is_kind(side) for side in sides) and any(_names(side) for side in sides):
            yield node.lineno
    elif isinstance(node, ast.Match) and _is_kind(node.subject):
        if any(_names(case.pattern) for case in node.cases):
            yield node.lineno
    elif isinstance(node, ast.Dict):
        if _are_kinds(key for key in node.keys if key is not None):
            yield node.lineno
    elif isinstance(node, ast.Set | ast.List | ast.Tuple) and _are_kinds(node.elts):
        yield node.lineno


def _is_kind(node: ast.AST) -> bool:
    """`kind`, `rule.kind`, `rule.kind.name`."""
    if isinstance(node, ast.Attribute) and node.attr == "name":
        node = node.value
    return (isinstance(node, ast.Attribute) and node.attr == "kind") or (
        isinstance(node, ast.Name) and node.id == "kind"
    )


def _names(node: ast.AST) -> set[str]:
    """The names of kinds among the texts of an expression."""
    return {
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and each.value in set(KINDS)
    }


def _are_kinds(nodes: Iterable[ast.AST]) -> bool:
    """Whether several texts stand together, all of which name kinds."""
    texts = [each.value if isinstance(each, ast.Constant) else None for each in nodes]
    return len(texts) > 1 and all(text in set(KINDS) for text in texts)
