"""Where a symbol of the code stands, in whichever file of its package that is.

`shared.log:arrange` is a function, `shared:Gate._choose_tenant` a method, `shared:_MOVE` a
name that a module assigns. A move to another file of the package changes nothing.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NAMED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Passage:
    """The lines of a file that define a symbol: from `start`, up to but without `end`."""

    path: Path  # from the root of the project
    start: int
    end: int

    def read(self, root: Path) -> str:
        return "".join(_lines(root / self.path)[self.start : self.end])

    def replaced(self, root: Path, text: str) -> str:
        """The whole file with other text for this passage."""
        lines = _lines(root / self.path)
        return "".join([*lines[: self.start], text, *lines[self.end :]])


def passages(root: Path, symbol: str, containing: str) -> list[Passage]:
    """Every definition of the symbol that has this text in it."""
    package, _, name = symbol.partition(":")
    folder = root / package.replace(".", "/")
    module = folder.with_suffix(".py")
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [module]
    found = []
    for file in files:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if containing not in text:
            continue
        for node in _definitions(ast.parse(text), name):
            decorators = getattr(node, "decorator_list", [])
            first = min(part.lineno for part in [node, *decorators])
            passage = Passage(file.relative_to(root), first - 1, node.end_lineno or first)
            if containing in passage.read(root):
                found.append(passage)
    return found


def _lines(path: Path) -> list[str]:
    """Its lines, ends included, as Python counts them (a form feed ends none)."""
    return re.findall(r".*\n|.+", path.read_text(encoding="utf-8"))


def _definitions(tree: ast.AST, name: str, outer: str = "") -> Iterator[ast.stmt]:
    """What is called so, at the top or within something: `order` and `Invoice.order` fit both."""
    for node in ast.iter_child_nodes(tree):
        inner = outer
        if isinstance(node, ast.stmt):
            for own in _names(node):
                inner = f"{outer}.{own}"
                if inner.endswith(f".{name}"):
                    yield node
        yield from _definitions(node, name, inner)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, _NAMED):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []
