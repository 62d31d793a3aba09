"""What a collector reads out: the script in the debtor's language, with the amounts of the check,
and the words of what the law wants told."""

from datetime import datetime
from typing import Any

from services.outreach.activity.domain.decisions import Decision
from services.outreach.channels.domain.creditors import creditor_of
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.message_values import MessageValues
from services.outreach.channels.domain.parts import VoiceParts
from services.outreach.channels.domain.rendering import NotWritten
from services.outreach.channels.processes.templates import with_templates
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.debtors.domain.governor_question import wished_language
from services.outreach.desk.domain.calls import CallFacts
from services.outreach.dunning.domain.live_check import CheckedAccount
from services.outreach.dunning.domain.message_content import content_of_account
from shared.countries import country_code

SCRIPT_DEFAULT = "first-call"
_CHANNEL = "voice"


async def words_of(
    context: Context,
    tenant: str,
    at: datetime,
    name: str | None,
    facts: CallFacts,
    checked: CheckedAccount,
    decision: Decision,
) -> dict[str, Any]:
    """`script` is null where there is no such template, or none in the languages tried."""
    context = await with_templates(context, tenant, at)
    async with context.db.reading() as session:
        settings = (await get_settings(session, tenant)).settings
    languages = language_chain(
        wished_language(facts.profile, at), facts.profile.account_language, settings.language
    )
    account = next(a for a in facts.profile.accounts if a.account_id == facts.account_id)
    creditor = creditor_of(settings, context.sender)
    values = MessageValues(
        name=account.details.name if account.details is not None else "",
        creditor=creditor,
        content=content_of_account(checked),
        text_ids=decision.text_ids,
        country=None if account.country is None else country_code(account.country),
    )
    disclosures = context.templates.wording.disclosures
    return {
        "script": _script(context, name or SCRIPT_DEFAULT, languages, values),
        "disclosures": [
            {
                "rule": text.rule,
                "text_id": text.text_id,
                "text": disclosures.words(text.text_id, languages, _CHANNEL, creditor),
            }
            for text in decision.disclosures
        ],
    }


def _script(
    context: Context, name: str, languages: tuple[str, ...], values: MessageValues
) -> dict[str, Any] | None:
    template = context.content.templates.find(name)
    language = None if template is None else template.language_of(_CHANNEL, languages)
    if template is None or language is None:
        return None
    try:
        parts = context.templates.render(template, _CHANNEL, languages, values)
    except NotWritten:
        return None
    assert isinstance(parts, VoiceParts), "it is what is read out"
    return {
        "template": name,
        "version": template.version,
        "language": language,
        "text": parts.script,
    }
