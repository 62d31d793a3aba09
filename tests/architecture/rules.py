"""The rules of the house that imports alone do not show, each a function over one source file.

A rule returns what it found as `(line, words)`; whether it applies to a file is part of it.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TypeVar

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400


Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root of the project, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def is_under(self, *prefixes: str) -> bool:
        return self.path.startswith(prefixes)

    def is_product(self) -> bool:
        return self.is_under("shared/", "services/", "deploy/")

    def has_part(self, name: str) -> bool:
        """Whether a folder or the file itself is called so (`store.py`, `store/…`)."""
        return name in re.split(r"[/.]", self.path)

    @cached_property
    def every_node(self) -> dict[type[ast.AST], list[ast.AST]]:
        """By their kinds: a tree is walked once for all rules."""
        found: dict[type[ast.AST], list[ast.AST]] = {}
        for node in ast.walk(self.tree):
            found.setdefault(type(node), []).append(node)
        return found

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        return (node for node in self.every_node.get(kind, []) if isinstance(node, kind))


Finding = tuple[int, str]
Rule = Callable[[Source], Iterator[Finding]]


def commits_only_in_shared(source: Source) -> Iterator[Finding]:
    if not source.is_under("services/", "deploy/"):
        return
    for call in source.nodes(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"commit", "rollback"}:
            yield call.lineno, f".{call.func.attr}( outside shared/: the door ends a transaction"


CLOCK_CALLS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {
        "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
        "localtime", "gmtime", "clock_gettime",
    },
}  # fmt: skip


def one_clock(source: Source) -> Iterator[Finding]:
    # The health check runs every few seconds, and an import of ours would be most of its cost.
    if not source.is_product() or source.path in {"shared/clock.py", "deploy/health.py"}:
        return
    for node in source.nodes(ast.Attribute):
        owner = node.value
        name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if node.attr in CLOCK_CALLS.get(name, set()):
            yield node.lineno, f"{name}.{node.attr}: only shared/clock.py asks for the time"
    for line, name in _names_from(source, "time"):
        if name in CLOCK_CALLS["time"]:
            yield line, f"time.{name}: only shared/clock.py asks for the time"


def _names_from(source: Source, module: str) -> Iterator[tuple[int, str]]:
    """What `from module import …` brings in."""
    for node in source.nodes(ast.ImportFrom):
        if node.module == module:
            yield from ((node.lineno, alias.name) for alias in node.names)


def no_lost_cancellations(source: Source) -> Iterator[Finding]:
    """`asyncio.wait_for` of Python 3.11 loses a cancellation that comes together with the answer;
    who cancels once and gathers then waits for ever."""
    if not source.is_product():
        return
    for node in source.nodes(ast.Attribute):
        if node.attr == "wait_for" and getattr(node.value, "id", "") == "asyncio":
            yield node.lineno, "asyncio.wait_for: `async with asyncio.timeout` keeps cancellations"
    for line, name in _names_from(source, "asyncio"):
        if name in {"wait_for", "gather"}:
            yield line, f"{name} by itself: say asyncio.{name}"
    for function in chain(source.nodes(ast.FunctionDef), source.nodes(ast.AsyncFunctionDef)):
        cancels = [n for n in ast.walk(function) if _calls(n, "cancel")]
        gathers = [n for n in ast.walk(function) if _calls(n, "gather")]
        if cancels and any(_returns_exceptions(call) for call in gathers):
            yield function.lineno, "cancels once and gathers: `tasks.end` asks until all are over"


def _calls(node: ast.AST, name: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
    )


def _returns_exceptions(call: ast.AST) -> bool:
    assert isinstance(call, ast.Call)
    return any(keyword.arg == "return_exceptions" for keyword in call.keywords)


def driver_errors_in_one_place(source: Source) -> Iterator[Finding]:
    """What the driver says of an outage is sorted by `shared.database.outages` alone."""
    if not source.is_product() or source.path == "shared/database/outages.py":
        return
    sorted_ = {"PostgresError", "InterfaceError", "InternalClientError", "PostgresConnectionError"}
    for handler in source.nodes(ast.ExceptHandler):
        for node in ast.walk(handler.type) if handler.type is not None else ():
            if isinstance(node, ast.Attribute) and node.attr in sorted_:
                yield handler.lineno, f"except {node.attr}: `outages()` says what is one"


SQL = re.compile(
    r"^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s"
    r"|create\s+(table|index|database|unique)\b|alter\s+table\s|drop\s+(table|database|index)\s"
    r"|truncate\s+\w+)",
    re.IGNORECASE | re.DOTALL,
)
SQL_CLOCK = re.compile(r"\b(now\(\)|current_timestamp|current_date|clock_timestamp\(\))", re.I)


def sql_only_in_store(source: Source) -> Iterator[Finding]:
    if not source.is_under("services/", "deploy/"):
        return
    if any(source.has_part(name) for name in ("store", "tables", "migrations")):
        return
    if source.path == "deploy/local/databases.py":  # makes the databases that stores live in
        return
    for line, text in _strings(source):
        if SQL.search(text):
            yield line, "SQL outside `store` and `tables`"


def sql_asks_no_clock(source: Source) -> Iterator[Finding]:
    if not source.is_under("services/") or source.has_part("migrations"):
        return
    for line, text in _strings(source):
        if SQL.search(text) and SQL_CLOCK.search(text):
            yield line, "SQL asks the server for the time: it comes in with the work"


def _strings(source: Source) -> Iterator[tuple[int, str]]:
    """Every text in the code, docstrings and other lone texts left out."""
    lone = {id(node.value) for node in source.nodes(ast.Expr)}
    for node in source.nodes(ast.Constant):
        if isinstance(node.value, str) and id(node) not in lone:
            yield node.lineno, node.value


def _imports(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes(ast.Import):
        yield from ((node.lineno, alias.name) for alias in node.names)
    for imported in source.nodes(ast.ImportFrom):
        if imported.module:
            yield imported.lineno, imported.module


def kafka_in_one_place(source: Source) -> Iterator[Finding]:
    if not source.is_product() or source.is_under("shared/log/kafka/"):
        return
    for line, module in _imports(source):
        if module.split(".")[0] in {"aiokafka", "confluent_kafka"}:
            yield line, f"{module}: only shared/log/kafka/ knows Kafka"


def http_out_in_clients(source: Source) -> Iterator[Finding]:
    allowed = ("clients", "importer")
    if not source.is_under("services/") or any(source.has_part(name) for name in allowed):
        return
    for line, module in _imports(source):
        if module.split(".")[0] in {"httpx", "requests", "urllib3", "aiohttp"}:
            yield line, f"{module}: HTTP goes out from `clients` only"


def functions_are_short(source: Source) -> Iterator[Finding]:
    if source.has_part("migrations"):
        return  # a list of columns, written once and never edited
    functions: Iterable[ast.FunctionDef | ast.AsyncFunctionDef] = chain(
        source.nodes(ast.FunctionDef), source.nodes(ast.AsyncFunctionDef)
    )
    for node in functions:
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield node.lineno, f"{node.name} has {lines} lines, {FUNCTION_LINES_MAX} at most"


def files_are_short(source: Source) -> Iterator[Finding]:
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield lines, f"{lines} lines, {FILE_LINES_MAX} at most: split by noun"


def prints_only_at_front_ends(source: Source) -> Iterator[Finding]:
    """A front end is a module that can be run (`__main__`), or a part of deploy or an importer."""
    if not source.is_under("shared/", "services/") or source.has_part("importer"):
        return
    if "__main__" in source.text or source.has_part("rebuild"):
        return
    for call in source.nodes(ast.Call):
        if isinstance(call.func, ast.Name) and call.func.id == "print":
            yield call.lineno, "print: log it, or do it in a command line front end"


def http_errors_in_web(source: Source) -> Iterator[Finding]:
    if not source.is_product() or source.is_under("shared/web"):
        return
    words = "HTTPException: raise an AppError, shared/web/ knows the status"
    for node in source.nodes(ast.ImportFrom):
        is_web = (node.module or "").split(".")[0] in {"fastapi", "starlette"}
        if is_web and any(alias.name == "HTTPException" for alias in node.names):
            yield node.lineno, words
    for used in source.nodes(ast.Attribute):
        if used.attr == "HTTPException" and ast.unparse(used).startswith(("fastapi", "starlette")):
            yield used.lineno, words


def rules_do_not_wait_or_look_at_the_clock(source: Source) -> Iterator[Finding]:
    if not source.is_under("services/") or not source.has_part("domain"):
        return
    for node in source.nodes(ast.AsyncFunctionDef):
        yield node.lineno, f"async def {node.name}: rules are synchronous"
    for line, name in _names_from(source, "shared.clock"):
        if name in {"now", "monotonic", "steady"}:
            yield line, f"{name}: the time comes in as a value"


ENVIRONMENT_READERS = ("settings", "app", "worker", "rebuild", "importer")


def environment_in_settings(source: Source) -> Iterator[Finding]:
    if not source.is_under("services/") or any(source.has_part(n) for n in ENVIRONMENT_READERS):
        return
    for node in source.nodes(ast.Attribute):
        if node.attr in {"environ", "getenv"} and getattr(node.value, "id", "") == "os":
            yield node.lineno, "os.environ: settings are read once, by app.py and worker.py"


PATTERN_CALLS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}


def patterns_are_compiled_once(source: Source) -> Iterator[Finding]:
    """By name in a module: so they are found, and tried on their worst texts (patterns.py)."""
    if not source.is_product():
        return
    in_functions = {
        call
        for function in (*source.nodes(ast.FunctionDef), *source.nodes(ast.AsyncFunctionDef))
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
    }
    for call in source.nodes(ast.Call):
        if not isinstance(call.func, ast.Attribute) or getattr(call.func.value, "id", "") != "re":
            continue
        if call.func.attr in PATTERN_CALLS:
            yield call.lineno, f"re.{call.func.attr}: compile the pattern by name, in the module"
        elif call.func.attr == "compile" and call in in_functions:
            yield call.lineno, "re.compile in a function: name the pattern, in the module"


PATTERN_FIELDS = {"Field", "Path", "Query", "Header", "StringConstraints"}  # pydantic's


def patterns_are_bounded_and_end(source: Source) -> Iterator[Finding]:
    """`$` lets a line feed through in Python; and length is looked at before a pattern."""
    if not source.is_product():
        return
    for call in source.nodes(ast.Call):
        name = getattr(call.func, "attr", None) or getattr(call.func, "id", "")
        words = {keyword.arg for keyword in call.keywords}
        if name == "compile" and getattr(call.func.value, "id", "") == "re":  # type: ignore[attr-defined]
            for text in ast.walk(call):
                if isinstance(text, ast.Constant) and isinstance(text.value, str | bytes):
                    last = text.value[-1:]
                    if last in ("$", b"$"):
                        yield call.lineno, r"$ at the end of a pattern: write \Z, or use fullmatch"
        elif name == "Meta" and "pattern" in words and source.path != "shared/texts.py":
            yield call.lineno, "Meta(pattern=…): use shared.texts.matching"
        elif name in PATTERN_FIELDS and "pattern" in words and "max_length" not in words:
            yield call.lineno, "a pattern without a max_length"


def every_module_says_its_job(source: Source) -> Iterator[Finding]:
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield 1, "no docstring: what is this module's job?"


RULES: tuple[Rule, ...] = (
    commits_only_in_shared,
    one_clock,
    no_lost_cancellations,
    driver_errors_in_one_place,
    sql_only_in_store,
    sql_asks_no_clock,
    kafka_in_one_place,
    http_out_in_clients,
    functions_are_short,
    files_are_short,
    prints_only_at_front_ends,
    http_errors_in_web,
    rules_do_not_wait_or_look_at_the_clock,
    environment_in_settings,
    patterns_are_compiled_once,
    patterns_are_bounded_and_end,
    every_module_says_its_job,
)
