"""The source keeps the rules of the house, and each rule bites."""

import pytest

from tests.architecture import rules
from tests.architecture.files import ROOT, python_files
from tests.architecture.rules import RULES, Rule, Source

SOURCES = [
    Source(path.as_posix(), (ROOT / path).read_text(encoding="utf-8")) for path in python_files()
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps(rule: Rule) -> None:
    found = [f"{source.path}:{line}: {words}" for source in SOURCES for line, words in rule(source)]
    assert not found, "\n".join(found)


def test_there_is_a_source_to_look_at() -> None:
    assert {"shared/clock.py", "services/ledger/tables/base.py"} <= {
        source.path for source in SOURCES
    }


LONG_FUNCTION = "def f():\n" + "    pass\n" * rules.FUNCTION_LINES_MAX
PLANTED: list[tuple[Rule, str, str]] = [
    (rules.commits_only_in_shared, "services/a/api.py", "session.commit()"),
    (rules.commits_only_in_shared, "deploy/tool.py", "await connection.rollback()"),
    (rules.one_clock, "services/a/commands.py", "datetime.now(UTC)"),
    (rules.one_clock, "services/a/commands.py", "datetime.datetime.utcnow()"),
    (rules.one_clock, "shared/log/relay.py", "time.monotonic()"),
    (rules.one_clock, "deploy/demo/x.py", "from time import perf_counter"),
    (rules.one_clock, "services/a/domain/x.py", "date.today()"),
    (rules.no_lost_cancellations, "services/a/x.py", "await asyncio.wait_for(call, 1)"),
    (rules.no_lost_cancellations, "deploy/x.py", "from asyncio import wait_for"),
    (
        rules.no_lost_cancellations,
        "shared/x.py",
        "async def f():\n    t.cancel()\n    await asyncio.gather(t, return_exceptions=True)",
    ),
    (
        rules.driver_errors_in_one_place,
        "shared/x.py",
        "try:\n    f()\nexcept (OSError, asyncpg.PostgresError):\n    pass",
    ),
    (rules.sql_only_in_store, "services/a/api.py", "await s.fetch('select a from b')"),
    (rules.sql_only_in_store, "services/a/commands/x.py", "Q = 'insert into b values ($1)'"),
    (rules.sql_only_in_store, "services/a/jobs.py", "Q = f'''\n update b set x = {y}'''"),
    (rules.sql_asks_no_clock, "services/a/store.py", "Q = 'select now() from b'"),
    (rules.kafka_in_one_place, "services/a/commands.py", "import aiokafka"),
    (rules.kafka_in_one_place, "shared/log/relay.py", "from aiokafka.errors import KafkaError"),
    (rules.http_out_in_clients, "services/a/jobs.py", "import httpx"),
    (rules.functions_are_short, "tests/unit/test_x.py", LONG_FUNCTION),
    (rules.functions_are_short, "shared/x.py", f"async {LONG_FUNCTION}"),
    (rules.files_are_short, "shared/x.py", "x = 1\n" * (rules.FILE_LINES_MAX + 1)),
    (rules.prints_only_at_front_ends, "services/a/api.py", "print(1)"),
    (rules.http_errors_in_web, "services/a/api.py", "from fastapi import HTTPException"),
    (rules.http_errors_in_web, "services/a/api.py", "raise fastapi.HTTPException(404)"),
    (rules.rules_do_not_wait_or_look_at_the_clock, "services/a/domain/x.py", "async def f(): ..."),
    (
        rules.rules_do_not_wait_or_look_at_the_clock,
        "services/a/domain/x.py",
        "from shared.clock import day_start, now",
    ),
    (rules.environment_in_settings, "services/a/commands.py", "os.environ['X']"),
    (rules.environment_in_settings, "services/a/store/x.py", "os.getenv('X')"),
    (rules.patterns_are_compiled_once, "services/a/domain/x.py", "re.fullmatch(pattern, text)"),
    (rules.patterns_are_compiled_once, "shared/x.py", "def f():\n    return re.compile('a')"),
    (rules.patterns_are_bounded_and_end, "shared/x.py", "A = re.compile(r'[a-z]+$')"),
    (rules.patterns_are_bounded_and_end, "shared/x.py", "A = re.compile(rb'[a-z]+$')"),
    (rules.patterns_are_bounded_and_end, "services/a/x.py", "N = Meta(pattern='^a')"),
    (rules.patterns_are_bounded_and_end, "services/a/api.py", "N = Field(pattern='^a$')"),
    (rules.every_module_says_its_job, "shared/x.py", "x = 1"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_violation_is_seen(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text)))


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)


ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.commits_only_in_shared, "shared/database/database.py", "connection.commit()"),
    (rules.one_clock, "shared/clock.py", "datetime.now(UTC)"),
    (rules.one_clock, "services/a/api.py", "clock.now()"),
    (rules.no_lost_cancellations, "deploy/x.py", "from deploy.local.waiting import wait_for"),
    (rules.driver_errors_in_one_place, "shared/x.py", "try:\n    f()\nexcept OSError:\n    pass"),
    (rules.sql_only_in_store, "services/a/store.py", "Q = 'select a from b'"),
    (rules.sql_only_in_store, "services/a/api.py", '"""Select what is due from the schedule."""'),
    (rules.sql_only_in_store, "services/a/api.py", "x = 'Update the account with care'"),
    (rules.kafka_in_one_place, "shared/log/kafka/source.py", "import aiokafka"),
    (rules.http_out_in_clients, "services/a/clients.py", "import httpx"),
    (rules.functions_are_short, "shared/x.py", LONG_FUNCTION.removesuffix("    pass\n")),
    (rules.files_are_short, "shared/x.py", "x = 1\n" * rules.FILE_LINES_MAX),
    (rules.environment_in_settings, "services/a/app.py", "os.environ"),
    (rules.http_errors_in_web, "deploy/health.py", "from http.client import HTTPException"),
    (
        rules.rules_do_not_wait_or_look_at_the_clock,
        "services/a/domain/x.py",
        "from shared.clock import day_start",
    ),
]


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_what_is_allowed_is_not_reported(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path, text)))
