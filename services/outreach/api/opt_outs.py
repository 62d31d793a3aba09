"""The public page behind the opt-out link of e-mails, and what mail programs send there by
themselves (RFC 8058). Open without a token: the link is signed.

Nobody learns from it whether a link is genuine, or of whom: the answers are always the same. Only a
genuine link reaches the database, and one that has done so lately does not again.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from services.outreach.api.dependencies import ContextDep
from services.outreach.channels.commands.opt_outs import opt_out_of_email
from services.outreach.channels.domain.opt_out_page import (
    POLICY,
    done_page,
    language_of,
    question_page,
)
from services.outreach.channels.domain.tokens import read_address_token
from shared import clock

router = APIRouter(tags=["public"])

Token = Annotated[str, Path(alias="token")]
Languages = Annotated[str, Header(alias="Accept-Language")]


@router.get(
    "/u/{token}",
    summary="A page with a button that stops e-mails to the address; changes nothing",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}},
)
async def show_opt_out(_token: Token, accept_language: Languages = "") -> Response:
    return _html(question_page(language_of(accept_language)))


@router.post(
    "/u/{token}",
    summary="Stop e-mails to the address that the message went to, for ever: one click",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}},
)
async def opt_out(token: Token, context: ContextDep, accept_language: Languages = "") -> Response:
    contact_id = read_address_token("u", token, context.links.keys.all)
    now = clock.monotonic()
    if contact_id is not None and not context.recent_opt_outs.holds(contact_id, now):
        async with context.db.transaction() as session:
            await opt_out_of_email(session, contact_id, context.clock)
        context.recent_opt_outs.add(contact_id, now)
    return _html(done_page(language_of(accept_language)))


def _html(page: str) -> Response:
    return Response(
        page,
        media_type="text/html",
        headers={"Content-Security-Policy": POLICY, "Vary": "Accept-Language"},
    )
