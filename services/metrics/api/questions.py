"""What may be asked of a KPI: one model, read from a query string or from a body's question."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, Field, ValidationError

from services.metrics.domain.figures import By
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.domain.questions import TRAILING_DAYS, Compare, Question
from services.metrics.domain.slots import FIRST_DAY
from services.metrics.domain.windows import Interval, Window, month_end, month_start, parts
from services.metrics.processes.figures import Asker, business_day
from services.metrics.store.figures import Tenant
from shared.errors import FieldError, Invalid, NotFound
from shared.money import is_currency
from shared.texts import shown, text_fault
from shared.web import Day, Model

DEFAULT_DAYS = 30
SERIES_MAX = 4000
TRAILING_DAYS_MAX = 3660
VALUES_MAX = 200  # of one filter
NAME_LENGTH_MAX = 200


class UnknownKpi(NotFound):
    pass


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _whole(value: object) -> object:
    """A number, also as the digits that a query string has."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value


def _flag(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Whole = Annotated[int, BeforeValidator(_whole)]
Name = Annotated[str, Field(max_length=NAME_LENGTH_MAX)]
Values = Annotated[
    list[Name] | None,
    BeforeValidator(_several),
    Field(min_length=1, max_length=VALUES_MAX),
]
# Each split is a filter, too. The empty text is "unknown".
FILTERS = (
    "segment", "country", "kind", "arm", "channel", "strategy", "collector", "bucket", "rule",
    "result", "method", "agency",
)  # fmt: skip


class KpiQuery(Model):
    """The parameters of a question. Nothing else is taken: a misspelt filter would be none."""

    from_: Day | None = Field(
        None, alias="from", description="First day. Default: 30 days to `to`."
    )
    to: Day | None = Field(None, description="Last day. Default: the tenant's business day.")
    currency: Name | None = Field(None, description="ISO 4217. Without it, several make groups.")
    in_: Name | None = Field(
        None, alias="in", description="Convert all money into this currency, by dated rates."
    )
    interval: Interval | None = Field(None, description="Also a series.")
    group_by: Annotated[str | None, Field(max_length=NAME_LENGTH_MAX)] = Field(
        None, description="A dimension of the KPI, or several with commas."
    )
    by: By | None = Field(None, description="Of amounts or of things; a KPI lists what it has.")
    per: Name | None = Field(None, description="What it is taken per, where a KPI lists any.")
    at: Day | None = Field(
        None, description="The day at whose end the things of a cohort are looked at."
    )
    as_of: Day | None = Field(None, description="By what was recorded before this day's end.")
    compare: Compare | None = Field(
        None, description="Also the value of the days before, or of the same days a year before."
    )
    window: Annotated[int | None, BeforeValidator(_whole)] = Field(
        None, description="Days that each part of a series of DSO looks back. Default: 90."
    )
    experiment: Name | None = Field(None, description="Whose arms `arm` means.")
    curve: Annotated[bool | None, BeforeValidator(_flag)] = Field(
        None, description="Also the curve of what is still open, where a KPI has one."
    )
    segment: Values = Field(None, description='Only these; the empty text is "unknown".')
    country: Values = None
    kind: Values = None
    arm: Values = None
    channel: Values = None
    strategy: Values = None
    collector: Values = None
    bucket: Values = None
    rule: Values = None
    result: Values = None
    method: Values = None
    agency: Values = None

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """By dimension the values that count."""
        given = {name: getattr(self, name) for name in FILTERS}
        return {name: tuple(dict.fromkeys(values)) for name, values in given.items() if values}

    @property
    def dimensions(self) -> tuple[str, ...]:
        names = (name.strip() for name in (self.group_by or "").split(","))
        return tuple(dict.fromkeys(name for name in names if name))


class QuestionModel(KpiQuery):
    """A question in a body."""

    kpi: Name


_LISTS = frozenset(FILTERS)


def _read_query(request: Request, model: type[Model]) -> Any:
    """What a query string asks. Raises what FastAPI raises."""
    given: dict[str, Any] = {}
    faults: list[dict[str, Any]] = []
    for name in request.query_params:
        values = request.query_params.getlist(name)
        if name in _LISTS:
            given[name] = values
        elif len(values) == 1:
            given[name] = values[0]
        else:
            where = {"type": "twice", "loc": ("query", name), "msg": "is given more than once"}
            faults.append(where)
    try:
        query = model.model_validate(given)
    except ValidationError as error:
        faults += [
            {**each, "loc": ("query", *each["loc"][:1])}
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    if faults:
        raise RequestValidationError(faults)
    return query


def query_of(model: type[Model]) -> Callable[[Request], Any]:
    """A dependency: what a route's query string asks, as this model."""

    def read(request: Request) -> Any:
        return _read_query(request, model)

    return read


KpiQueryDep = Annotated[KpiQuery, Depends(query_of(KpiQuery))]


def parameters_of(model: type[Model]) -> dict[str, Any]:
    """A route's `openapi_extra`: the model's members as parameters of the query."""
    schema = model.model_json_schema(by_alias=True)
    required = schema.get("required", ())
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": _plain(member),
                **({"description": member["description"]} if "description" in member else {}),
            }
            for name, member in schema["properties"].items()
        ]
    }


def _plain(member: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: what is absent is not null."""
    (schema,) = [each for each in member.get("anyOf", [member]) if each.get("type") != "null"]
    limits = {name: member[name] for name in ("minItems", "maxItems") if name in member}
    kept = {key: value for key, value in schema.items() if key not in ("title", "default")}
    return {**kept, **limits}


ASKED = parameters_of(KpiQuery)


def find_kpi(name: str) -> Kpi:
    kpi = KPIS.get(name)
    if kpi is None:
        raise UnknownKpi(
            f"There is no KPI {shown(repr(name), NAME_LENGTH_MAX)}. GET /v1/kpis lists them."
        )
    return kpi


def asker(kpi: Kpi, asked: KpiQuery, at: str = "/query") -> Asker:
    """The question once the tenant is known: its days depend on it. `at` points to it."""
    return partial(question_of, kpi, asked, at=at)


def question_of(
    kpi: Kpi, asked: KpiQuery, tenant: Tenant | None, *, at: str = "/query"
) -> Question:
    """The question. Raises `Invalid`, naming each parameter that cannot be taken."""
    today = business_day(tenant)
    window = _window(asked, today, by_months=kpi.is_of_months)
    problems = [*_window_problems(window, asked), *_per_problems(kpi, asked)]
    kpi = kpi.taken_per(asked.per or "")
    problems += [*_split_problems(kpi, asked), *_own_problems(kpi, asked, window, today)]
    if problems:
        errors = [FieldError(f"{at}/{name}", detail) for name, detail in problems]
        raise Invalid("The question cannot be answered.", errors)
    return Question(
        kpi=kpi,
        window=window,
        currency=asked.currency if kpi.is_money else None,
        into=asked.in_ if kpi.is_money else None,
        interval=asked.interval,
        group_by=asked.dimensions,
        filters=asked.filters,
        by=asked.by or kpi.by[0],
        per=asked.per or "",
        at=asked.at,
        as_of=asked.as_of,
        compare=asked.compare,
        experiment=asked.experiment or "",
        has_curve=bool(asked.curve),
        trailing_days=asked.window or TRAILING_DAYS,
        today=today,
    )


def _window(asked: KpiQuery, today: date, *, by_months: bool) -> Window:
    to_on = asked.to or max(today, asked.from_ or FIRST_DAY)
    if asked.from_ is not None:
        return Window(asked.from_, to_on)
    if by_months:
        return Window(month_start(to_on), to_on)
    return Window(to_on - timedelta(days=DEFAULT_DAYS - 1), to_on)


Problems = Iterator[tuple[str, str]]  # parameter, what is wrong with it


def _window_problems(window: Window, asked: KpiQuery) -> Problems:
    if window.from_on > window.to_on:
        yield "from", f"must not be after `to` ({window.to_on})"
    elif asked.interval is not None:
        longest = {"day": 1, "week": 7, "month": 31}[asked.interval] * SERIES_MAX
        if window.days > longest and sum(1 for _ in parts(window, asked.interval)) > SERIES_MAX:
            yield "interval", f"would make more than {SERIES_MAX} parts"


def _split_problems(kpi: Kpi, asked: KpiQuery) -> Problems:
    for name in asked.dimensions:
        if name not in kpi.splits:
            detail = f"{kpi.name} cannot be split by {shown(repr(name), 80)}: {_list(kpi.splits)}"
            yield "group_by", detail
    for name, values in asked.filters.items():
        if name not in kpi.splits:
            yield name, f"{kpi.name} cannot be split by it: {_list(kpi.splits)}"
        elif any(map(text_fault, values)):
            yield name, "has a value that no figure can have"
    if "arm" in (*asked.dimensions, *asked.filters) and not asked.experiment:
        yield "experiment", "is needed: whose arms are meant?"
    elif asked.experiment and "arm" not in kpi.splits:
        yield "experiment", f"{kpi.name} cannot be split by arm"
    for name, currency in (("currency", asked.currency), ("in", asked.in_)):
        if currency is not None and not is_currency(currency):
            yield name, "must be an ISO 4217 code like EUR"


def _per_problems(kpi: Kpi, asked: KpiQuery) -> Problems:
    if asked.per is not None and asked.per not in kpi.per:
        has = f"only: {_list(kpi.per)}" if kpi.per else "none"
        yield "per", f"{kpi.name} cannot be taken per that; it has {has}"


def _own_problems(kpi: Kpi, asked: KpiQuery, window: Window, today: date) -> Problems:
    """What this KPI does not have."""
    if asked.by is not None and asked.by not in kpi.by:
        yield "by", f"{kpi.name} has only: {_list(kpi.by)}"
    if asked.at is not None and kpi.kind != "cohort":
        yield "at", f"{kpi.name} is no cohort: nothing of it is looked at later"
    elif asked.at is not None and asked.at < window.to_on:
        yield "at", f"must not be before `to` ({window.to_on})"
    if kpi.is_of_months:
        yield from _month_problems(asked, window, today)
    if asked.curve and not kpi.has_curve:
        yield "curve", f"{kpi.name} has no curve"
    if asked.window is not None:
        if kpi.over != "trailing":
            yield "window", f"{kpi.name} does not look back"
        elif asked.interval is None:
            yield "window", "is for a series: give an `interval`, too"
        elif not 1 <= asked.window <= TRAILING_DAYS_MAX:
            yield "window", f"must be 1 to {TRAILING_DAYS_MAX} days"


def _month_problems(asked: KpiQuery, window: Window, today: date) -> Problems:
    """Rolls go from one month's end to the next; a running month as far as it is known."""
    if window.from_on != month_start(window.from_on):
        yield "from", "must be the first of a month"
    running = [day for day in (today, asked.as_of) if day is not None]
    if window.to_on != month_end(window.to_on) and window.to_on not in running:
        yield "to", f"must be the last day of a month, or the business day ({today})"
    if asked.interval not in (None, "month"):
        yield "interval", "must be `month`"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)
