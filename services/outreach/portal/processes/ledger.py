"""The ledger, asked and told on behalf of a visitor; what it refuses comes back in his words."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from services.outreach.channels.domain.amounts import Notation, notation
from services.outreach.context import Context
from services.outreach.dunning.clients import CommandAnswer, LedgerDocument
from services.outreach.portal.domain import refusals
from services.outreach.portal.domain.links import LinkAccount
from services.outreach.portal.processes.doorway import Visitor
from shared import ids
from shared.errors import AppError, Conflict, FieldError, Invalid, NotFound, Unavailable

ACTOR = "debtor"


class AccountMoved(Conflict):
    """Something has happened since the visitor looked."""

    status = 412
    title = "Account moved"


def account_of(context: Context, visitor: Visitor, account_id: str | None) -> LinkAccount:
    """The account that is meant. Raises `Invalid` where that is not said, `NotFound` for one that
    the link does not open: whether there is such a one is not told."""
    if account_id is None:
        if len(visitor.accounts) > 1:
            words = context.portal.words.say(visitor.language, "which-account")
            raise Invalid(words, [FieldError("/account_id", words)])
        return visitor.main
    for each in visitor.accounts:
        if each.account_id == account_id:
            return each
    raise NotFound(context.portal.words.say(visitor.language, "no-such-account"))


def path_of(account_id: str, *more: str) -> str:
    return "/".join(["/v1/accounts", quote(account_id, safe=""), *more])


def command_key(visitor: Visitor, key: str) -> str:
    """What the ledger knows the command by: the link's own, however visitors choose theirs."""
    return ids.event_id(visitor.tenant, "outreach", "portal-command", visitor.link.name, key)


def notation_of(visitor: Visitor, account: LinkAccount | None = None) -> Notation:
    return notation(visitor.language, (account or visitor.main).country)


async def read(context: Context, visitor: Visitor, path: str) -> Mapping[str, Any]:
    """Raises `Unavailable` in the visitor's words."""
    try:
        answer = await context.portal.ledger.command(visitor.tenant, "GET", path, None, None, ACTOR)
    except Unavailable as error:
        raise away(context, visitor) from error
    if not answer.is_done or not isinstance(answer.body, dict):
        raise away(context, visitor)
    return {**answer.body, "etag": answer.etag}


async def read_document(
    context: Context, visitor: Visitor, path: str, query: Mapping[str, str], accept: str
) -> LedgerDocument:
    """As the ledger has written it. Raises `Invalid` for what it does not take."""
    try:
        found = await context.portal.ledger.document(visitor.tenant, path, query, accept)
    except Unavailable as error:
        raise away(context, visitor) from error
    if found.status == 404:
        raise NotFound(context.portal.words.say(visitor.language, "no-such-invoice"))
    if found.status == 422:
        words = context.portal.words.say(visitor.language, "field-other")
        raise Invalid(words, [FieldError("/query", words)])
    if found.status >= 400:
        raise away(context, visitor)
    return found


async def command(
    context: Context,
    visitor: Visitor,
    account: LinkAccount,
    noun: str,
    body: Mapping[str, Any],
    key: str,
    *,
    is_preview: bool,
    if_match: str | None,
) -> CommandAnswer:
    """Once for each key of the link. Raises what the ledger refuses."""
    path = path_of(account.account_id, noun) + ("?preview=true" if is_preview else "")
    told = {**body, "by": {"kind": "debtor"}, "channel": "portal"}
    try:
        answer = await context.portal.ledger.command(
            visitor.tenant, "POST", path, told, command_key(visitor, key), ACTOR, if_match=if_match
        )
    except Unavailable as error:
        raise away(context, visitor) from error
    if answer.is_done and isinstance(answer.body, dict):
        return answer
    raise _refusal(context, visitor, account, answer, body.get("currency"))


def _refusal(
    context: Context,
    visitor: Visitor,
    account: LinkAccount,
    answer: CommandAnswer,
    currency: str | None,
) -> AppError:
    problem = answer.body if isinstance(answer.body, dict) else {}
    words, language = context.portal.words, visitor.language
    members = refusals.figures_of(problem)
    if answer.status == 422:
        faults = refusals.field_faults(
            problem, currency, words, language, notation_of(visitor, account)
        )
        return Invalid(words.say(language, "refused"), faults, members)
    if answer.status in (401, 403, 429) or answer.is_done:
        return away(context, visitor)
    detail = refusals.problem_words(answer.status, problem, words, language)
    kind = AccountMoved if answer.status == 412 else Conflict
    return kind(detail, members=members)


def away(context: Context, visitor: Visitor) -> Unavailable:
    return Unavailable(context.portal.words.say(visitor.language, "away"))
