"""What a call says: asked for by the provider when somebody has answered. Open without a token: the
provider signs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.outreach.api.dependencies import ContextDep
from services.outreach.channels.domain.contract import ProviderRequest
from services.outreach.channels.processes.call_scripts import script_for

TOKEN_LENGTH_MAX = 200

router = APIRouter(tags=["public"])
Token = Annotated[str, Query(alias="contact", max_length=TOKEN_LENGTH_MAX)]


@router.post(
    "/v1/providers/{provider}/script",
    summary="What a call says, in TwiML; asked by the provider, whose signature is checked",
    response_class=Response,
    responses={200: {"content": {"text/xml": {}}}},
)
async def get_script(
    provider: str, token: Token, request: Request, context: ContextDep
) -> Response:
    url = f"{context.links.public_url}{request.url.path}?{request.url.query}"
    posted = ProviderRequest(url, dict(request.headers), await request.body())
    twiml = await script_for(context, provider, token, posted)
    return Response(twiml, media_type="text/xml", headers={"Cache-Control": "no-store"})
