"""Give a call its script: to its provider alone, and only where a person listens."""

from services.outreach.channels.domain.contract import ProviderRequest
from services.outreach.channels.domain.twilio import SILENCE, TwilioAccount
from services.outreach.channels.domain.twilio_events import TwilioReader, answered_by
from services.outreach.channels.store import get_settings
from services.outreach.channels.store.call_scripts import find_script
from services.outreach.context import Context
from shared import clock
from shared.addresses import BadUrl
from shared.errors import NotFound, Unavailable


async def script_for(context: Context, provider: str, token: str, request: ProviderRequest) -> str:
    """TwiML. Raises `NotFound` (no such call), `Unauthenticated` (not the provider's signature)."""
    async with context.db.reading() as session:
        script = await find_script(session, provider, token)
        if script is None:
            raise NotFound("There is no such call.")
        settings = (await get_settings(session, script.tenant)).settings
    found = settings.providers.get(provider)
    secret = context.channels.environment.get(found.secret or "") if found is not None else None
    if secret is None:
        raise NotFound("There is no such call.")
    try:
        account = TwilioAccount.from_url(secret)
    except BadUrl as error:
        raise Unavailable("the provider's variable holds no account") from error
    form = TwilioReader(account.token, clock.now()).form(request)
    return SILENCE if answered_by(form) == "machine" else script.text
