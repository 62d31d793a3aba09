"""A template as a reader would get it: of an account as it stands now, or of a sample."""

from dataclasses import asdict, dataclass
from typing import Any

from services.outreach.channels.domain import costs
from services.outreach.channels.domain.creditors import creditor_of
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.lint import samples
from services.outreach.channels.domain.lint.findings import LintFinding
from services.outreach.channels.domain.message_values import MessageValues
from services.outreach.channels.domain.parts import Parts, SmsParts
from services.outreach.channels.domain.rendering import NotWritten
from services.outreach.channels.domain.sms_text import SmsText, sms_text
from services.outreach.channels.domain.template_document import MessageTemplate, TextChannel
from services.outreach.channels.domain.tenant_settings import TenantSettings
from services.outreach.channels.processes.templates import lint
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.debtors.domain.debtor_profile import AccountProfile
from services.outreach.debtors.store.profiles import find_account_profile
from services.outreach.dunning.domain.message_content import content_of_account
from services.outreach.dunning.processes.live_check import check
from shared.countries import country_code
from shared.errors import FieldError, Invalid, NotFound, Unavailable
from shared.events import ledger

SAMPLE_TOKEN = samples.PORTAL_URL.rpartition("/")[2]  # leads nowhere
VOICE_SECONDS = 60  # of a call that is not made: the first minute


@dataclass(frozen=True)
class TemplatePreview:
    language: str
    parts: Parts
    text: SmsText | None  # as it would leave
    cost_micros: int
    cost_minor: int
    cost_currency: str
    findings: list[LintFinding]

    @property
    def texts(self) -> dict[str, str]:
        return asdict(self.parts)


async def preview(
    context: Context,
    tenant: str,
    name: str,
    template: MessageTemplate,
    *,
    language: str,
    channel: TextChannel,
    account_id: str | None,
) -> TemplatePreview:
    """Raises `Invalid` where there is nothing to be seen, `NotFound` without the account."""
    async with context.db.reading() as session:
        settings = (await get_settings(session, tenant)).settings
    languages = language_chain(language, settings.language)
    chosen = template.language_of(channel, languages)
    if chosen is None:
        words = f"has no text for {channel} in {', '.join(languages)}"
        raise Invalid("There is nothing to be seen.", [FieldError("/channel", words)])
    values, number = await _values(context, tenant, settings, account_id)
    try:
        parts = context.templates.render(template, channel, languages, values)
    except NotWritten as error:
        problem = FieldError(f"/languages/{chosen}/{channel}", str(error))
        raise Invalid("The message cannot be written.", [problem]) from error
    text = sms_text(parts.text) if isinstance(parts, SmsParts) else None
    micros = _micros(settings, channel, number, text)
    currency = settings.costs.currency
    return TemplatePreview(
        chosen,
        parts,
        text,
        micros,
        costs.cost_minor(micros, currency),
        currency,
        await lint(context, tenant, name, template),
    )


def _micros(
    settings: TenantSettings, channel: TextChannel, number: str, text: SmsText | None
) -> int:
    match channel:
        case "email":
            return settings.costs.email
        case "sms":
            return costs.sms_micros(settings.costs, number, text.segments if text else 1)
        case "voice":
            return costs.voice_micros(settings.costs, VOICE_SECONDS)
        case "letter":
            return costs.letter_micros(settings.costs, 1)
        case _:
            return 0


async def _values(
    context: Context, tenant: str, settings: TenantSettings, account_id: str | None
) -> tuple[MessageValues, str]:
    """What the template is filled with, and the number that a text would go to."""
    creditor = creditor_of(settings, context.sender)
    if account_id is None:
        example = samples.sample("overdue", creditor)
        return example, "+"
    async with context.db.reading() as session:
        account = await find_account_profile(session, tenant, account_id)
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    checked = await check(context.ledger, tenant, [account_id])
    if isinstance(checked, str) or account_id not in checked.accounts:
        raise Unavailable("the ledger did not say what is owed")
    details = account.details
    values = MessageValues(
        name=details.name if details is not None else "",
        creditor=creditor,
        content=content_of_account(checked.accounts[account_id]),
        portal_url=f"{context.links.public_url}/portal/{SAMPLE_TOKEN}",
        country=_country(account),
    )
    return values, _number(details)


def _number(details: ledger.Contact | None) -> str:
    numbers = [each.number for each in details.phones] if details is not None else []
    return next((each for each in numbers if each.startswith("+")), "+")


def _country(account: AccountProfile) -> str | None:
    return country_code(account.country) if account.country is not None else None


def as_answer(shown: TemplatePreview) -> dict[str, Any]:
    return {
        "language": shown.language,
        "parts": shown.texts,
        "segments": shown.text.segments if shown.text is not None else None,
        "alphabet": shown.text.alphabet if shown.text is not None else None,
        "cost_micros": shown.cost_micros,
        "cost_minor": shown.cost_minor,
        "cost_currency": shown.cost_currency,
        "lint": [finding_answer(each) for each in shown.findings],
    }


def finding_answer(finding: LintFinding) -> dict[str, Any]:
    return {
        "pointer": finding.pointer,
        "rule": finding.rule,
        "detail": finding.detail,
        "severity": "error" if finding.is_error else "warning",
    }
