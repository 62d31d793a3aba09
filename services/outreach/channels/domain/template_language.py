"""The language that templates are written in: a small part of Jinja2, in which none can run long.

A text may print variables, choose with `if`, go through lists with `for` and put its words into a
layout of ours. It can call nothing and compute nothing; every turn of a loop counts, and so does
what comes out. So whoever may write templates can't stop the loop that sends them.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    UndefinedError,
    meta,
    nodes,
    pass_context,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.outreach.channels.domain.amounts import Day, Money

STEPS_MAX = 400_000  # of one text: turns of its loops, each by the size of what is turned
OUTPUT_MAX = 2_000_000  # characters that come out of it
DEPTH_MAX = 24  # of what stands inside of each other
WIDTH_MIN = 10
LOOPS_MAX = 3  # inside of each other
LAYOUTS = ("message.txt", "message.html", "letter.txt", "portal.txt", "sms.txt", "voice.txt")
FILTERS = frozenset(
    {"upper", "lower", "capitalize", "title", "trim", "length", "count", "first", "last",
     "wordwrap", "truncate", "default", "d"}
)  # fmt: skip  # none that makes a text longer each time
TESTS = frozenset(
    {"defined", "undefined", "none", "even", "odd", "eq", "equalto", "in", "true", "false"}
)
_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Block,
    nodes.Extends, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Neg,
    nodes.Pos, nodes.Keyword, nodes.Tuple, nodes.List, nodes.Concat, nodes.Slice,
)  # fmt: skip


VARIABLES = frozenset(
    {"name", "creditor", "overdue", "upcoming", "promises", "instalments", "settlements", "totals",
     "overdue_totals", "upcoming_totals", "overdue_unlisted", "upcoming_unlisted", "charges",
     "charges_unlisted", "answers", "pay_url", "portal_url", "code", "disclosures", "opt_out",
     "labels", "asks"}
)  # fmt: skip
MEMBERS = frozenset(
    {"number", "due_on", "short", "amount", "parts", "name", "kind", "charges", "currency", "open",
     "unapplied", "on", "outcome", "phone", "address", "url", "index", "index0", "revindex",
     "revindex0", "length"}
)  # fmt: skip  # of variables, and of `loop`


class BadTemplate(Exception):
    """A text that is not of this language."""


class TooMuch(TemplateError):
    """It ran too long, or wrote too much."""


class _Budget:
    """The turns that one rendering has left."""

    def __init__(self) -> None:
        self.left = STEPS_MAX

    def take(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooMuch("the template goes round too often")


@pass_context
def _counted(context: Context, value: Iterable[Any], weight: int) -> Iterator[Any]:
    """The list that a loop goes through; each turn is counted by the size of its body."""
    budget: _Budget = context["_budget"]
    if isinstance(value, StrictUndefined):
        iter(value)  # says which name is missing
    if not isinstance(value, tuple | list):
        raise TooMuch("a loop goes through a list")
    return _turns(value, budget, weight)


def _turns(value: Iterable[Any], budget: _Budget, weight: int) -> Iterator[Any]:
    for each in value:
        budget.take(weight)
        yield each


def _printed(value: Any) -> Any:
    """What is not known is no word: nobody is to read None in a letter."""
    if value is None:
        raise UndefinedError("a value that is not known is printed: ask for it with if first")
    if not isinstance(value, str | int | Money | Day | StrictUndefined):
        raise UndefinedError("a list is printed: go through it with for")
    return value


class _Layouts(BaseLoader):
    """Layouts, compiled already."""

    def __init__(self) -> None:
        self.made: dict[str, Template] = {}

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002  # Jinja's own name
    ) -> Template:
        if name not in self.made:
            raise TemplateNotFound(name)
        return self.made[name]


class TemplateLanguage:
    """Texts of tenants, and the layouts of ours that they may stand in."""

    def __init__(self, layouts: Mapping[str, str]) -> None:
        self._layouts = _Layouts()
        self._plain = self._environment(self._layouts, is_html=False)
        self._html = self._environment(self._layouts, is_html=True)
        for name, source in layouts.items():
            is_html = name.endswith(".html")
            self._layouts.made[name] = self._made(source, is_html=is_html, is_ours=True)
        self.compiled = lru_cache(maxsize=1_000)(self._compiled)

    @staticmethod
    def _environment(loader: BaseLoader, *, is_html: bool) -> ImmutableSandboxedEnvironment:
        environment = ImmutableSandboxedEnvironment(
            loader=loader,
            autoescape=is_html,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_printed,
        )
        environment.filters["counted"] = _counted
        return environment

    def check(self, source: str) -> None:
        """Raises `BadTemplate` where a text is not of this language."""
        self._parsed(source, is_html=False)

    def unknown_names(self, source: str) -> frozenset[str]:
        """Variables that there are not, and members that none of them has. Raises `BadTemplate`."""
        tree = self._parsed(source, is_html=False)
        unknown = set(meta.find_undeclared_variables(tree)) - VARIABLES
        for found in tree.find_all(nodes.Getattr):
            of_labels = isinstance(found.node, nodes.Name) and found.node.name == "labels"
            if found.attr not in MEMBERS | {"first", "last"} and not of_labels:
                unknown.add(found.attr)
        for item in tree.find_all(nodes.Getitem):
            if isinstance(item.arg, nodes.Const) and isinstance(item.arg.value, str):
                unknown |= {item.arg.value} - MEMBERS
        return frozenset(unknown)

    def literal_text(self, source: str) -> str:
        """What stands in it as it is; a variable is one letter. Raises `BadTemplate`."""
        tree = self._parsed(source, is_html=False)
        return "".join(_literal(tree))

    def _compiled(self, source: str, is_html: bool) -> Template:
        """Raises `BadTemplate`."""
        return self._made(source, is_html=is_html, is_ours=False)

    def _made(self, source: str, *, is_html: bool, is_ours: bool) -> Template:
        environment = self._html if is_html else self._plain
        tree = self._parsed(source, is_html=is_html, is_ours=is_ours)
        try:
            for loop in tree.find_all(nodes.For):
                weight = nodes.Const(1 + sum(1 for _ in loop.find_all(nodes.Node)))
                loop.iter = nodes.Filter(loop.iter, "counted", [weight], [], None, None)
            code = environment.compile(tree)
        except (TemplateError, *_TOO_DEEP) as error:
            raise _bad(error) from error
        return Template.from_code(environment, code, environment.make_globals(None))

    def _parsed(self, source: str, *, is_html: bool, is_ours: bool = False) -> nodes.Template:
        environment = self._html if is_html else self._plain
        try:
            tree = environment.parse(source)
            if not is_ours:
                self._check(tree)
        except (TemplateError, *_TOO_DEEP) as error:
            raise _bad(error) from error
        return tree

    def _check(self, tree: nodes.Template) -> None:
        """Raises `BadTemplate` for what is not of the language."""
        for node, depth, loops in _walk(tree):
            fault = self._fault(node)
            if depth > DEPTH_MAX or loops > LOOPS_MAX:
                fault = "is nested too deep"
            if fault:
                raise BadTemplate(f"line {node.lineno}: {fault}")

    def _fault(self, node: nodes.Node) -> str | None:
        match node:
            case nodes.Extends(template=nodes.Const(value=str() as name)):
                known = name in LAYOUTS
                return None if known else f"there is no layout {name}: {', '.join(LAYOUTS)}"
            case nodes.Extends():
                return "a layout is named by a text"
            case nodes.Filter(name=name):
                return _filter_fault(node)
            case nodes.Test(name=name):
                return None if name in TESTS else f"the test {name} is not to be had"
            case nodes.For(recursive=True):
                return "a loop is not recursive"
            case nodes.Name(name=name) | nodes.Getattr(attr=name) if name.startswith("_"):
                return f"{name} is not a variable"
            case _ if isinstance(node, _NODES):
                return None
            case _:
                return f"{type(node).__name__.lower()} is not to be had in templates"

    def filled(self, source: str, values: Mapping[str, Any], *, is_html: bool = False) -> str:
        """The text with its values. Raises `BadTemplate`, `TemplateError`."""
        return _bounded(self.compiled(source, is_html), values)


_TOO_DEEP = (RecursionError, SyntaxError, OverflowError, ValueError, MemoryError)


def _bad(error: Exception) -> BadTemplate:
    if not isinstance(error, TemplateError):
        return BadTemplate("it is nested too deep, or cannot be read")
    line = getattr(error, "lineno", None)
    place = f"line {line}: " if line else ""
    return BadTemplate(f"{place}{error.message or 'it cannot be read'}")


def _literal(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Const):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, nodes.Extends):
        return
    elif isinstance(node, nodes.Output):
        for each in node.nodes:
            yield from _literal(each) if isinstance(each, nodes.TemplateData) else _shown(each)
    else:
        for child in node.iter_child_nodes():
            yield from _literal(child)
        if isinstance(node, nodes.Block):
            yield "\n\n"


def _shown(node: nodes.Node) -> Iterator[str]:
    """A variable stands as one letter; texts in an expression as they are."""
    texts = [each.value for each in node.find_all(nodes.Const) if isinstance(each.value, str)]
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        texts.append(node.value)
    yield " ".join(texts) if texts else "x"


def _filter_fault(node: nodes.Filter) -> str | None:
    """None of them may make a text longer each time that it is applied."""
    if node.name not in FILTERS:
        return f"the filter {node.name} is not to be had"
    if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > 1:
        return f"the filter {node.name} takes one value at most"
    value = next((each.value for each in node.args if isinstance(each, nodes.Const)), None)
    if node.name in ("wordwrap", "truncate") and not (
        isinstance(value, int) and value >= WIDTH_MIN
    ):
        return f"the filter {node.name} takes a width of at least {WIDTH_MIN}"
    if node.args and node.name not in ("wordwrap", "truncate", "default", "d"):
        return f"the filter {node.name} takes no values"
    return None


def _bounded(template: Template, values: Mapping[str, Any]) -> str:
    written, length = [], 0
    for piece in template.generate({**values, "_budget": _Budget()}):
        written.append(piece)
        length += len(piece)
        if length > OUTPUT_MAX:
            raise TooMuch("the template writes too much")
    return "".join(written)


def _walk(
    node: nodes.Node, depth: int = 0, loops: int = 0
) -> Iterator[tuple[nodes.Node, int, int]]:
    yield node, depth, loops
    if depth > DEPTH_MAX:
        return
    inner = loops + isinstance(node, nodes.For)
    for child in node.iter_child_nodes():
        yield from _walk(child, depth + 1, inner)
