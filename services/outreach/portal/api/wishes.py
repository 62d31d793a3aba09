"""Level 1: how one wants to be written to, what one thinks, and what one has to say."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field

from services.outreach.consents.api import InconvenientHours, PreferredHours
from services.outreach.inbound.domain.items import TEXT_MAX
from services.outreach.inbound.processes.taking import take_message
from services.outreach.portal.api.account import AccountId
from services.outreach.portal.api.doorway import Language
from services.outreach.portal.api.visitors import KeyDep, VisitDep, VisitorDep, debtor
from services.outreach.portal.commands.feedback import give_feedback
from services.outreach.portal.commands.visits import note_visit
from services.outreach.portal.commands.wishes import WRITTEN, choose, opt_out
from services.outreach.portal.processes import ledger
from services.outreach.portal.processes.agreements import did
from services.outreach.portal.store.sessions import save_language
from shared.errors import FieldError, Invalid
from shared.web import Model, json_response, once
from shared.web.models import CHECKED_TEXT

router = APIRouter(tags=["portal"])
COMMENT_MAX = 2000


def _said(value: str) -> str:
    if not value.strip():
        raise ValueError("says nothing")
    return value


class PortalWishesBody(Model):
    """What is left out stays as it is; null or an empty list takes it back. `channels`: those over
    which one wants to be written to; the others are refused."""

    channels: (
        Annotated[
            list[Literal["email", "sms", "voice", "letter"]], Field(min_length=1, max_length=4)
        ]
        | None
    ) = None
    preferred_hours: PreferredHours | None = None
    inconvenient: Annotated[list[InconvenientHours], Field(max_length=50)] | None = None
    language: Language | None = None


class OptOutBody(Model):
    """`all`: no more messages at all."""

    channel: Literal["email", "sms", "voice", "letter", "all"]


class FeedbackBody(Model):
    score: Annotated[int, Field(ge=1, le=5)]
    comment: (
        Annotated[
            str, Field(min_length=1, max_length=COMMENT_MAX), CHECKED_TEXT, AfterValidator(_said)
        ]
        | None
    ) = None
    account_id: AccountId | None = None


class MessageBody(Model):
    text: Annotated[
        str, Field(min_length=1, max_length=TEXT_MAX), CHECKED_TEXT, AfterValidator(_said)
    ]
    account_id: AccountId | None = None


@router.post(
    "/portal/api/preferences",
    response_model=dict[str, Any],
    summary="How one wants to be written to: channels, hours, language",
)
async def post_preferences(
    body: PortalWishesBody, request: Request, visit: VisitDep, visitor: VisitorDep, _key: KeyDep
) -> Response:
    context = visit.context
    given = body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if not given:
        raise Invalid(
            context.portal.words.say(visitor.language, "field-other"),
            [FieldError("", context.portal.words.say(visitor.language, "field-other"))],
        )
    wishes = {name: value for name, value in given.items() if name != "channels"}
    if "channels" in given:
        wishes["refused_channels"] = _refused(given["channels"])
    async with context.db.transaction() as session:

        async def create() -> dict[str, Any]:
            changed = await choose(session, context.clock, visitor.tenant, visitor.accounts, wishes)
            if body.language is not None:
                await save_language(session, visitor.token_hash, body.language)
            await note_visit(
                session, context.clock, context.links, visitor.link, visitor.main,
                visitor.level, "preferences",
            )  # fmt: skip
            return {"changed": changed}

        return await once(
            request, session, debtor(visitor), create, status=200, within=visitor.link.name
        )


def _refused(channels: list[str] | None) -> list[str]:
    """Those that were not chosen."""
    if channels is None:
        return []
    refused = [each for each in WRITTEN if each not in channels]
    return [*refused, "voicemail"] if "voice" in refused else refused


@router.post(
    "/portal/api/opt-outs",
    response_model=dict[str, Any],
    summary="No more messages over a channel, or at all",
)
async def post_opt_out(
    body: OptOutBody, request: Request, visit: VisitDep, visitor: VisitorDep, _key: KeyDep
) -> Response:
    context = visit.context
    said = "all-stopped" if body.channel == "all" else "stopped"
    async with context.db.transaction() as session:

        async def create() -> dict[str, Any]:
            await opt_out(session, context.clock, visitor.tenant, visitor.accounts, body.channel)
            await note_visit(
                session, context.clock, context.links, visitor.link, visitor.main,
                visitor.level, "opt-out",
            )  # fmt: skip
            return {
                "channel": body.channel,
                "detail": context.portal.words.say(visitor.language, said),
            }

        return await once(
            request, session, debtor(visitor), create, status=200, within=visitor.link.name
        )


@router.post(
    "/portal/api/feedback",
    status_code=201,
    response_model=dict[str, Any],
    summary="What one thinks of it: 1 to 5, and words",
)
async def post_feedback(
    body: FeedbackBody, request: Request, visit: VisitDep, visitor: VisitorDep, key: KeyDep
) -> Response:
    context = visit.context
    account = visitor.main
    if body.account_id is not None:
        account = ledger.account_of(context, visitor, body.account_id)
    feedback_id = ledger.command_key(visitor, f"feedback {key}")
    async with context.db.transaction() as session:

        async def create() -> dict[str, Any]:
            await give_feedback(
                session, context.clock, visitor.link, account, feedback_id, body.score,
                body.comment,
            )  # fmt: skip
            await note_visit(
                session, context.clock, context.links, visitor.link, account,
                visitor.level, "feedback",
            )  # fmt: skip
            words = context.portal.words.say(visitor.language, "feedback-taken")
            return {"feedback_id": feedback_id, "detail": words}

        return await once(request, session, debtor(visitor), create, within=visitor.link.name)


@router.post(
    "/portal/api/messages",
    status_code=202,
    response_model=dict[str, Any],
    summary="Write to the creditor: read like every reply",
)
async def post_message(
    body: MessageBody, visit: VisitDep, visitor: VisitorDep, key: KeyDep
) -> Response:
    context = visit.context
    account = visitor.main
    if body.account_id is not None:
        account = ledger.account_of(context, visitor, body.account_id)
    inbound_id = await take_message(
        context,
        visitor.tenant,
        account.account_id,
        visitor.link.contact_id,
        body.text,
        ledger.command_key(visitor, f"message {key}"),
    )
    await did(context, visitor, account, "message")
    words = context.portal.words.say(visitor.language, "message-taken")
    return json_response({"message_id": inbound_id, "detail": words}, 202)
