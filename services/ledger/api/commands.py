"""What all commands about an account have in common over HTTP (docs/ledger/commands.md)."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, Field

from services.ledger.api.dependencies import ContextDep
from services.ledger.api.views import previewed
from services.ledger.commands.agreements import Asked, Done, Door, keep_refusal, run_command
from services.ledger.domain.agreements import By
from shared import clock
from shared.errors import AppError, Forbidden
from shared.web import Instant, Model
from shared.web.auth import Caller, caller_of, needs
from shared.web.idempotency import Made, once
from shared.web.models import CHECKED_ID, CHECKED_TEXT, json_response

BODY_BYTES_MAX = 64 * 1024
_NAMESPACE: UUID = uuid5(NAMESPACE_URL, "urn:recoup:commands")

Staff = Annotated[Caller, needs("ledger:write", body_max=BODY_BYTES_MAX)]
StaffOrDebtor = Annotated[Caller, needs("ledger:write", "portal", body_max=BODY_BYTES_MAX)]


def _once(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ValueError("names one twice")
    return ids


Id = Annotated[str, Field(min_length=1, max_length=128), CHECKED_ID]
Text = Annotated[str, Field(max_length=2000), CHECKED_TEXT]
Reason = Annotated[str, Field(min_length=1, max_length=2000), CHECKED_TEXT]
Ids = Annotated[list[Id], Field(min_length=1, max_length=1000), AfterValidator(_once)]


class ByBody(Model):
    kind: Literal["collector", "debtor", "system"]
    id: Id | None = None


class CommandBody(Model):
    """What every command may say."""

    at: Instant | None = Field(None, description="when it was agreed; default: now")
    by: ByBody | None = Field(None, description="who asked; default: who calls")
    channel: Annotated[str, Field(max_length=50), CHECKED_TEXT] | None = None
    note: Text | None = Field(None, description="kept in the ledger, never published")


class ReasonBody(CommandBody):
    """What ends something says why."""

    reason: Reason


def ids_of(named: list[str] | None) -> tuple[str, ...] | None:
    return tuple(named) if named is not None else None


class CommandCall:
    """One call of a command: its account, its caller, its headers."""

    def __init__(
        self,
        request: Request,
        context: ContextDep,
        account_id: str,
        preview: Annotated[
            bool, Query(description="answer what it would come to; nothing is kept")
        ] = False,
        if_match: Annotated[
            str | None, Header(description="the ETag of the account's options")
        ] = None,
    ) -> None:
        self.request = request
        self.context = context
        self.account_id = account_id
        self.preview = preview
        self.if_match = if_match
        self.caller = caller_of(request)

    @property
    def is_debtor(self) -> bool:
        """Whether the portal calls, for the debtor."""
        return "ledger:write" not in self.caller.scopes

    def id_for(self, noun: str, chosen: str | None) -> str:
        """The id that the caller chose, or one that the same Idempotency-Key gives again."""
        if chosen is not None:
            return chosen
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return str(uuid4())
        return str(uuid5(_NAMESPACE, "\n".join((self.caller.tenant, noun, key.strip('"')))))

    async def answer(
        self,
        body: CommandBody,
        door: Door,
        fact: tuple[str, str] | None,
        view: Callable[[Done], Any],
        *,
        id_pointer: str = "",
        status: int = 200,
        is_agreed: bool = False,
    ) -> Response:
        """Run the command and show what it made. 202 where it waits for an approval."""
        now, asked = clock.now(), await self._asked(body, fact, id_pointer, is_agreed)
        try:
            async with self.context.db.transaction() as session:

                async def make() -> Made:
                    done = await run_command(session, asked, door, self.context, now=now)
                    return self._made(done, view(done), status)

                if not self.preview:
                    return await once(self.request, session, self.caller, make)
                return json_response((await make()).content)
        except AppError as error:
            if not self.preview:
                await keep_refusal(self.context, self.caller.tenant, error, now=now)
            raise

    def _made(self, done: Done, shown: Any, status: int) -> Made:
        if self.preview:
            return Made(200, previewed(shown, done))
        waits = any(getattr(fact, "approval", None) is not None for fact in done.facts)
        waits = waits or (done.is_repeat and shown.get("state") == "pending_approval")
        return Made(202 if waits else status, shown)

    async def _asked(
        self, body: CommandBody, fact: tuple[str, str] | None, id_pointer: str, is_agreed: bool
    ) -> Asked:
        by = body.by
        if by is not None and by.kind != "debtor" and self.is_debtor:
            raise Forbidden("The portal speaks for the debtor alone.")
        content = f"{self.request.url.path}\n".encode() + await self.request.body()
        return Asked(
            tenant_id=self.caller.tenant,
            account_id=self.account_id,
            fact=fact,
            id_pointer=id_pointer,
            at=body.at,
            by=By(by.kind, by.id) if by is not None else default_by(self.caller),
            channel=body.channel,
            note=body.note,
            roles=self.caller.roles,
            if_match=self.if_match,
            is_preview=self.preview,
            is_agreed=is_agreed,
            request_hash=hashlib.sha256(content).hexdigest(),
        )


def default_by(caller: Caller) -> By:
    """Who calls: the debtor's portal, or somebody of the tenant's."""
    if "ledger:write" not in caller.scopes:
        return By("debtor")
    return By("collector", caller.subject)


CallDep = Annotated[CommandCall, Depends(CommandCall)]
