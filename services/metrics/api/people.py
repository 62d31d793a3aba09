"""Figures of people over HTTP, for a talk and never for a rank."""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from services.metrics.api.answer_models import KnownAnswer, Number, Shape, answers_with
from services.metrics.api.books import answer_from_book
from services.metrics.api.dependencies import ContextDep
from services.metrics.api.freshness import IfNoneMatchDep
from services.metrics.api.process import ProcessQuery, in_window
from services.metrics.api.questions import Name, parameters_of, query_of
from services.metrics.context import Context
from services.metrics.processes import people
from services.metrics.store import people as store
from services.metrics.store.changes import announce_change
from services.metrics.store.people import Talk
from services.metrics.store.preferences import PeopleShown
from shared.errors import FieldError, Forbidden, Invalid
from shared.texts import id_fault
from shared.web import Day, Model, SessionDep, once
from shared.web.auth import Caller, needs, require_role
from shared.web.models import CHECKED_TEXT

router = APIRouter(tags=["people"])

ROLES = ("supervisor", "manager")
BODY_BYTES_MAX = 64 * 1024
AGREED_MAX = 50

# One's own needs no more than reading; others' need the scope of people, and a role.
Reader = Annotated[Caller, needs("metrics:read", "metrics:people")]
Supervisor = Annotated[Caller, needs("metrics:people", body_max=BODY_BYTES_MAX)]
CollectorId = Annotated[str, Path(max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=10_000), CHECKED_TEXT]


class PeopleQuery(ProcessQuery):
    queue: Name | None = Field(
        None, description="People with tasks in it; `tasks` and their seconds are those in it."
    )


class SpreadView(Shape):
    n: int
    p25: Number
    median: Number
    p75: Number


class RateView(Shape):
    """`low` … `high`: the range of chance (Wilson, 95 %). With fewer than 5 peers nothing is
    expected."""

    value: Number
    n: int
    low: Number
    high: Number
    expected: Number = Field(description="what the peers have, in this person's mix of segments")
    word: str | None = Field(description="above, below, as expected")
    peers: SpreadView


class AmountView(Shape):
    currency: str
    amount_minor: Number


class CertificateView(Shape):
    name: str
    valid_until: date | None
    suspended: bool


class PersonView(Shape):
    collector: str | None = Field(description="null: the team")
    team: bool
    tasks: int
    seconds_median: Number
    attempts: int
    right_party_contact_rate: RateView
    promise_rate: RateView
    promise_kept_rate: RateView
    disputes_after: RateView = Field(description="within 7 days after a right party was reached")
    opt_outs_after: RateView
    satisfaction: RateView
    recovered: list[AmountView] = Field(description="by the touch before it")
    cost: list[AmountView]
    review_score: Number
    reviews: int
    recognitions: int
    certificates: list[CertificateView]


class PeopleAnswer(KnownAnswer):
    from_: date = Field(alias="from")
    to: date
    queue: str | None
    items: list[PersonView] = Field(description="the team first, then by name: there is no rank")


class TalkView(Shape):
    on: date
    notes: str
    agreed: list[str]
    by: str


class PersonAnswer(PersonView, KnownAnswer):
    from_: date = Field(alias="from")
    to: date
    queue: str | None
    conversations: list[TalkView]


class SentTalk(Model):
    on: Day
    notes: Text
    agreed: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1000), CHECKED_TEXT]],
        Field(max_length=AGREED_MAX),
    ] = Field(default_factory=list)


PeopleQueryDep = Annotated[PeopleQuery, Depends(query_of(PeopleQuery))]


@router.get(
    "/v1/people",
    summary="Figures of the team and of each person, by name",
    response_model=None,
    responses=answers_with(PeopleAnswer),
    openapi_extra=parameters_of(PeopleQuery),
)
async def list_people(
    asked: PeopleQueryDep, context: ContextDep, caller: Reader, tag: IfNoneMatchDep
) -> Response:
    """For supervisors and managers, where the tenant's setting is `all`."""
    await _may_see_others(context, caller)
    read = people.read_people(asked.queue)
    return await answer_from_book(context, caller, tag, partial(in_window, asked), read)


@router.get(
    "/v1/people/{collector}",
    summary="Figures of one person, and what was talked about",
    response_model=None,
    responses=answers_with(PersonAnswer),
    openapi_extra=parameters_of(PeopleQuery),
)
async def get_person(
    collector: CollectorId,
    asked: PeopleQueryDep,
    context: ContextDep,
    caller: Reader,
    tag: IfNoneMatchDep,
) -> Response:
    """A person sees their own, unless the tenant's setting is `off`."""
    await _may_see(context, caller, collector)
    read = people.read_person(collector, asked.queue)
    return await answer_from_book(context, caller, tag, partial(in_window, asked), read)


@router.post(
    "/v1/people/{collector}/conversations",
    response_model=TalkView,
    status_code=201,
    summary="Note what was talked about in a review",
)
async def note_conversation(
    collector: CollectorId,
    body: SentTalk,
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: Supervisor,
) -> Response:
    """Visible to both."""
    await _may_see(context, caller, collector)
    require_role(caller, *ROLES)

    async def create() -> Talk:
        talk = Talk(
            on=body.on,
            notes=body.notes,
            agreed=tuple(body.agreed),
            by=caller.subject,
        )
        await store.insert_talk(session, caller.tenant, collector, talk)
        await announce_change(session, caller.tenant, "figures", {"people": [collector]})
        return talk

    return await once(request, session, caller, create)


async def _may_see(context: Context, caller: Caller, collector: str) -> None:
    fault = id_fault(collector)
    if fault is not None:
        raise Invalid("There can be no such person.", [FieldError("/path/collector", fault)])
    if collector != caller.subject:
        await _may_see_others(context, caller)
    else:
        own: frozenset[PeopleShown] = frozenset({"own", "all"})
        await people.allow(context.db, caller.tenant, shown_to=own, what="figures of people")


async def _may_see_others(context: Context, caller: Caller) -> None:
    if "metrics:people" not in caller.scopes:
        raise Forbidden("Figures of other people need the scope metrics:people.")
    require_role(caller, *ROLES)
    everybody: frozenset[PeopleShown] = frozenset({"all"})
    await people.allow(context.db, caller.tenant, shown_to=everybody, what="figures of others")
