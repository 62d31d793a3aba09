"""What operators see: structured logs, and figures for Prometheus.

A log line is one JSON object. Secrets and personal data are blanked by key and by shape before a
line leaves. All figures of all services are declared here, once, with what each is for; each has
the label `service`, so that four services can share a process.
"""

import logging
import sys
import traceback
from collections.abc import Iterable, MutableMapping
from contextvars import ContextVar
from typing import Any

import msgspec
import structlog
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.process.redaction import redact
from shared.process.repeats import Repeats

# ---------------------------------------------------------------------------- figures

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

# Requests answered, by route as declared (never by path: ids would make endless series).
HTTP_REQUESTS = Counter(
    "recoup_http_requests", "HTTP requests", ("service", "method", "route", "status")
)
# From the first byte of the request to the last of the answer.
HTTP_SECONDS = Histogram(
    "recoup_http_request_seconds", "HTTP request time", ("service", "route"), buckets=_FAST
)
# How well single requests are gathered: a mean of 1 under load means that gathering is broken.
GATHERED = Histogram(
    "recoup_gathered_items", "Items per gathered batch", ("service", "door"), buckets=_SIZES
)
# What the ledger's intake made of events: accepted, duplicate, rejected.
INTAKE_EVENTS = Counter(
    "recoup_intake_events", "Events taken in from billing platforms", ("service", "door", "result")
)
# Facts of the ledger that acted again because one came that acts before them, and accounts that
# were computed from nothing for one: a steady rise names a sender who does not sort history.
LEDGER_REDONE_FACTS = Counter(
    "recoup_ledger_redone_facts", "Facts that acted again for an earlier one", ("service",)
)
LEDGER_RECOMPUTED_ACCOUNTS = Counter(
    "recoup_ledger_recomputed_accounts", "Accounts computed from nothing for a fact", ("service",)
)
# Committed transactions that published something, and how long the outbox lock was waited for.
OUTBOX_EVENTS = Counter(
    "recoup_outbox_events", "Events appended to the outbox", ("service", "topic")
)
OUTBOX_LOCK_SECONDS = Histogram(
    "recoup_outbox_lock_seconds", "Wait for the outbox lock", ("service",), buckets=_FAST
)
# What a consumer did with events: applied, repeated, skipped (a type it does not know), parked.
CONSUMED_EVENTS = Counter(
    "recoup_consumed_events",
    "Events read by a consumer",
    ("service", "consumer", "topic", "result"),
)
# Slices tried again after a retriable failure: a steady rise means that a server is away.
CONSUME_RETRIES = Counter(
    "recoup_consume_retries", "Slices tried again", ("service", "consumer", "topic")
)
# Events committed by the producer and not taken in. The figure to scale workers by.
BEHIND = Gauge("recoup_behind_events", "Events not yet taken in", ("service", "consumer", "topic"))
# Accounts that wait for a missing event or behind a dead letter. Alarm when above 0.
PARKED_ACCOUNTS = Gauge(
    "recoup_parked_accounts", "Accounts whose events wait", ("service", "consumer", "topic")
)
# A producer was restored and says other things than were taken in. Alarm when above 0.
FORKED_ACCOUNTS = Gauge(
    "recoup_forked_accounts",
    "Accounts whose log contradicts what was taken in",
    ("service", "consumer", "topic"),
)
# 1, or 0 while it can't be asked how much lies behind: `recoup_behind_events` is absent then.
LAG_KNOWN = Gauge("recoup_lag_known", "Whether the lag could be asked", ("service",))
# Messages that can never succeed. Alarm on any rise.
DEAD_LETTERS = Counter(
    "recoup_dead_letters", "Messages put aside", ("service", "consumer", "topic")
)
# Rows sent to Kafka by the relay.
RELAYED_EVENTS = Counter("recoup_relayed_events", "Events sent to Kafka", ("service", "topic"))
# Contacts by what became of them: planned, sent, suppressed, deferred, cancelled, uncertain.
CONTACTS = Counter("recoup_contacts", "Contacts", ("service", "channel", "outcome"))
# Days until a reference rate that contact rules need is not known any more, of the tenant with the
# fewest. Alarm below 30.
REFERENCE_RATE_DAYS_LEFT = Gauge(
    "recoup_reference_rate_days_left", "Days a reference rate is known", ("service", "rate")
)
# Hand-overs to providers, by how they ended: accepted, refused, later, unknown.
PROVIDER_HANDOVERS = Counter(
    "recoup_provider_handovers", "Hand-overs to providers", ("service", "channel", "result")
)
# Providers left alone for a while after faults of their own in a row. Alarm on a steady rise.
BREAKERS_OPENED = Counter(
    "recoup_provider_breaker_opened", "Providers left alone", ("service", "channel")
)
# Contacts of which it is not known whether they arrived, by what was found out about them: sent,
# not-sent, unknown (72 hours have passed). Alarm on a rise of unknown.
UNCERTAIN_RESOLVED = Counter(
    "recoup_uncertain_resolved", "Uncertain contacts resolved", ("service", "channel", "result")
)
# What providers have said of messages: sent, failed, delivered, opened; unmatched: of none of ours.
RECEIPTS = Counter("recoup_receipts", "Receipts of providers", ("service", "state"))
# Posts to webhooks: taken, failed. And endpoints that were switched off: alarm on any rise.
WEBHOOK_POSTS = Counter("recoup_webhook_posts", "Posts to webhooks", ("service", "result"))
WEBHOOKS_OFF = Counter("recoup_webhooks_off", "Webhooks switched off", ("service",))
# From the ledger's check of an account to the hand-over of its message: must stay under 2 s.
CHECK_TO_HANDOVER_SECONDS = Histogram(
    "recoup_check_to_handover_seconds", "Live check to hand-over", ("service",), buckets=_FAST
)
# Timed jobs, by how they ended: done, failed.
JOB_SECONDS = Histogram(
    "recoup_job_seconds",
    "Time of a job's run",
    ("service", "job", "result"),
    buckets=(*_FAST, 60.0),
)

# Failures of jobs and loops that went on with the next tenant or account. Alarm on a steady rise.
JOB_FAILURES = Counter("recoup_job_failures", "Failures that a job survived", ("service", "job"))
# Holds that stand: what a service does by itself waits for a person. Alarm when above 0.
HOLDS = Gauge("recoup_holds", "Holds that stand", ("service",))

# How long after its time a timer rings, in a process that serves or works for a service: above
# 0.25 s something computes on the event loop that should not.
LOOP_LAG_SECONDS = Histogram(
    "recoup_loop_lag_seconds", "Lateness of the event loop", ("service",), buckets=_FAST
)

# How long a loop of a worker has made no turn. Above 90 it is not alive; at 180 the process ends.
PART_SILENCE_SECONDS = Gauge(
    "recoup_part_silence_seconds", "Silence of a worker's part", ("service", "part")
)

# Models in force, by what is watched of them: of psi_max, psi_score, brier, calibration_error the
# highest of all tenants, of cases the fewest. Which tenant's it is takes a token to learn.
MODEL_WATCH = Gauge(
    "recoup_model_watch",
    "Watched figures of models in force, the worst of all tenants",
    ("service", "target", "figure"),
)

# When RECOUP_SERVICE_TOKEN ends. Alarm from 30 days before: nothing renews it by itself.
SERVICE_TOKEN_ENDS = Gauge(
    "recoup_service_token_expires_timestamp_seconds", "End of the service token", ("service",)
)

METRIC_TYPES = (Counter, Gauge, Histogram)
METRICS: tuple[Counter | Gauge | Histogram, ...] = (
    HTTP_REQUESTS,
    HTTP_SECONDS,
    GATHERED,
    INTAKE_EVENTS,
    LEDGER_REDONE_FACTS,
    LEDGER_RECOMPUTED_ACCOUNTS,
    OUTBOX_EVENTS,
    OUTBOX_LOCK_SECONDS,
    CONSUMED_EVENTS,
    CONSUME_RETRIES,
    BEHIND,
    PARKED_ACCOUNTS,
    FORKED_ACCOUNTS,
    LAG_KNOWN,
    DEAD_LETTERS,
    RELAYED_EVENTS,
    CONTACTS,
    PROVIDER_HANDOVERS,
    BREAKERS_OPENED,
    UNCERTAIN_RESOLVED,
    RECEIPTS,
    WEBHOOK_POSTS,
    WEBHOOKS_OFF,
    REFERENCE_RATE_DAYS_LEFT,
    CHECK_TO_HANDOVER_SECONDS,
    JOB_SECONDS,
    JOB_FAILURES,
    HOLDS,
    LOOP_LAG_SECONDS,
    PART_SILENCE_SECONDS,
    MODEL_WATCH,
    SERVICE_TOKEN_ENDS,
)

EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _OneService:
    """The registry as one service shows it: its own series, and those of the process."""

    def __init__(self, service: str) -> None:
        self._service = service

    def collect(self) -> Iterable[Metric]:
        for family in REGISTRY.collect():
            own = Metric(family.name, family.documentation, family.type, family.unit)
            own.samples = [
                sample
                for sample in family.samples
                if sample.labels.get("service", self._service) == self._service
            ]
            if own.samples:
                yield own


def forget_lag(service: str) -> None:
    """An old figure would be taken for today's."""
    BEHIND.remove_by_labels({"service": service})
    LAG_KNOWN.labels(service).set(0)


def exposition(service: str) -> bytes:
    """The text that `GET /metrics` of a service answers."""
    return generate_latest(_OneService(service))


# ---------------------------------------------------------------------------- logs

# Set at the doors, added to every line below them.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
tenant: ContextVar[str | None] = ContextVar("tenant", default=None)
current_service: ContextVar[str | None] = ContextVar("current_service", default=None)


def _add_context(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    for key, variable in (("request_id", request_id), ("tenant", tenant)):
        value = variable.get()
        if value is not None:
            line.setdefault(key, value)
    service = current_service.get()
    if service is not None:
        line["service"] = service
    return line


_debug = False


def is_debug() -> bool:
    """Whether debug lines are shown; asked before one is put together on a hot path."""
    return _debug


def _render(_logger: WrappedLogger, _method: str, line: MutableMapping[str, Any]) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()


def configure_logging(service: str, json: bool = True, level: str = "info") -> None:
    """Send structlog's and the standard library's lines to standard error in one form.

    Called once per process; `service` is what lines carry that are not logged on behalf of one
    (in local mode four share the process).
    """

    def add_service(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line.setdefault("service", service)
        return line

    before: list[Processor] = [
        _add_context,
        add_service,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: Processor = _render if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    numeric = logging.getLevelNamesMapping()[level.upper()]
    global _debug
    _debug = numeric <= logging.DEBUG
    structlog.configure(
        processors=[*before, last],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,  # loggers made before this call must follow it
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    handler.addFilter(Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(numeric, logging.INFO))  # libraries' debug lines hold request bodies
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # our own line per request stands instead
    for name in ("httpx", "httpcore", "aiokafka", "asyncio", "mail.log"):
        logging.getLogger(name).setLevel(max(numeric, logging.WARNING))


def traceback_of(error: BaseException) -> str:
    """The traceback as text without local variables, which hold personal data."""
    return "".join(traceback.format_exception(error))


def logger(name: str) -> Any:
    """A logger whose lines carry the module's name: `log = logger(__name__)`."""
    return structlog.get_logger(module=name)
