"""Level 0: whoever has a link. It says who writes, and nothing of anybody; and one may show who one
is, stop messages, say that it is somebody else's, ask for a code or a new link."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import Field

from services.outreach.portal.api.visitors import (
    Visit,
    VisitDep,
    with_link,
    with_session,
    without_session,
)
from services.outreach.portal.commands.wishes import disown, stop_channel
from services.outreach.portal.domain.identification import ANSWER_MAX, VisitorAnswers
from services.outreach.portal.domain.sessions import IDLE_MAX
from services.outreach.portal.processes import codes, identification, new_links
from services.outreach.portal.processes.account import creditor_view
from services.outreach.portal.processes.doorway import (
    OpenLink,
    Visitor,
    creditor_details,
    leave,
    link_of_session,
    open_link,
)
from shared.database import Session
from shared.web import Model, json_response

router = APIRouter(tags=["portal"])
Token = Annotated[str, Field(max_length=200, description="Without it, the cookie's.")]
Language = Literal["en", "de", "fr", "es"]
Answer = Annotated[str, Field(max_length=ANSWER_MAX)]


class AnswersBody(Model):
    """Of a person: `name` and `postcode`, or `phone4`; of a business: `postcode`, or `invoice`."""

    name: Answer | None = None
    postcode: Answer | None = None
    phone4: Answer | None = None
    invoice: Answer | None = None


class IdentifyBody(Model):
    answers: AnswersBody
    token: Token | None = None
    language: Language | None = None


class TokenBody(Model):
    token: Token | None = None
    language: Language | None = None


class VerifyBody(Model):
    code: Annotated[str, Field(max_length=20)]
    token: Token | None = None
    language: Language | None = None


_NOTHING = TokenBody()


@router.get(
    "/portal/{token}",
    response_model=dict[str, Any],
    summary="Who writes, and what is asked to show who one is; says nothing of anybody",
)
async def show_link(token: str, visit: VisitDep, language: Language | None = None) -> Response:
    context = visit.context
    visit.language = visit.chosen(language)
    token = visit.link_token(token)
    async with context.db.reading() as session:
        found = await open_link(context, session, token, visit.language)
        creditor = await creditor_details(context, session, found.link.tenant)
    words = context.portal.words
    answer = {
        "title": words.say(visit.language, "title", creditor=creditor.name),
        "creditor": creditor_view(creditor),
        "language": visit.language,
        "languages": list(words.languages),
        "question": visit.say("question"),
        "hint": visit.say("hint"),
        "asks": [
            {"name": name, "label": visit.say(f"ask-{name}")}
            for name in ("name", "postcode", "phone4", "invoice")
        ],
    }
    return with_link(json_response(answer), context, token)


@router.post(
    "/portal/api/identify",
    response_model=dict[str, Any],
    summary="Show who one is: begins a session of level 1",
)
async def post_identify(body: IdentifyBody, visit: VisitDep) -> Response:
    visit.language = visit.chosen(body.language)
    answers = VisitorAnswers(**body.answers.model_dump())
    let_in = await identification.identify(
        visit.context, visit.link_token(body.token), answers, visit.language
    )
    return _let_in(visit, let_in)


@router.post(
    "/portal/api/code",
    status_code=202,
    response_model=dict[str, Any],
    summary="Ask for a one-time code; always 202",
)
async def post_code(
    visit: VisitDep, tasks: BackgroundTasks, body: TokenBody = _NOTHING
) -> dict[str, Any]:
    visit.language = visit.chosen(body.language)
    visitor = await _signed_in(visit)
    token = "" if visitor is not None else visit.link_token(body.token)
    tasks.add_task(codes.send_code, visit.context, token, visitor, visit.language)
    return {"detail": visit.say("code-sent")}


@router.post(
    "/portal/api/verify",
    response_model=dict[str, Any],
    summary="Show a one-time code: level 2, or level 1 where nothing else is known",
)
async def post_verify(body: VerifyBody, visit: VisitDep) -> Response:
    visit.language = visit.chosen(body.language)
    visitor = await _signed_in(visit)
    token = "" if visitor is not None else visit.link_token(body.token)
    let_in = await identification.verify(visit.context, token, visitor, body.code, visit.language)
    return _let_in(visit, let_in)


def _let_in(visit: Visit, let_in: identification.LetIn) -> Response:
    minutes = int(IDLE_MAX.total_seconds() // 60)
    answer = {"level": let_in.level, "language": visit.language, "idle_minutes": minutes}
    response = json_response(answer)
    if let_in.token is None:
        return response
    return with_session(response, visit.context, let_in.token)


async def _signed_in(visit: Visit) -> Visitor | None:
    token = visit.session_token
    if token is None:
        return None
    async with visit.context.db.reading() as session:
        visitor = await link_of_session(visit.context, session, token)
    if visitor is not None:
        visit.count_visitor(visitor)
    return visitor


@router.post(
    "/portal/api/stop",
    response_model=dict[str, Any],
    summary="No more messages over the channel by which the link came",
)
async def post_stop(visit: VisitDep, body: TokenBody = _NOTHING) -> dict[str, Any]:
    visit.language = visit.chosen(body.language)
    context = visit.context
    async with context.db.transaction() as session:
        found = await _held(visit, session, body.token)
        await stop_channel(session, context.clock, context.links, found.link, found.accounts)
    return {"detail": visit.say("stopped"), "channel": found.link.channel}


@router.post(
    "/portal/api/not-me",
    response_model=dict[str, Any],
    summary="Somebody else has this address: nothing more goes there, its links end",
)
async def post_not_me(visit: VisitDep, body: TokenBody = _NOTHING) -> Response:
    visit.language = visit.chosen(body.language)
    context = visit.context
    async with context.db.transaction() as session:
        found = await _held(visit, session, body.token)
        await disown(session, context.clock, context.links, found.link, found.main)
    return without_session(json_response({"detail": visit.say("not-me")}), context)


async def _held(visit: Visit, session: Session, token: str | None) -> OpenLink:
    """The link that a visitor has, by session or by itself. Raises `LinkGone`."""
    signed_in = visit.session_token if token is None else None
    if signed_in is not None:
        visitor = await link_of_session(visit.context, session, signed_in)
        if visitor is not None:
            visit.count_visitor(visitor)
            return visitor
    return await open_link(visit.context, session, visit.link_token(token), visit.language)


@router.post(
    "/portal/api/new-link",
    status_code=202,
    response_model=dict[str, Any],
    summary="Ask for a new link, to the address that had this one; always 202",
)
async def post_new_link(
    visit: VisitDep, tasks: BackgroundTasks, body: TokenBody = _NOTHING
) -> dict[str, Any]:
    visit.language = visit.chosen(body.language)
    visit.count_new_link()
    token = visit.link_token(body.token)
    tasks.add_task(new_links.send_new_link, visit.context, token, visit.language)
    return {"detail": visit.say("new-link")}


@router.post("/portal/api/leave", response_model=dict[str, Any], summary="End the session at once")
async def post_leave(visit: VisitDep) -> Response:
    if visit.session_token is not None:
        await leave(visit.context, visit.session_token)
    return without_session(json_response({"detail": visit.say("left")}), visit.context)
