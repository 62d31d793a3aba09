"""The ledger's live check over HTTP. Never called with a transaction open."""

import asyncio
from collections.abc import Sequence

import httpx
import msgspec

from services.outreach.dunning.domain.live_check import CheckedAccount, CollectableAnswer
from shared.errors import Unavailable

CHECK_TIMEOUT_SECONDS = 2.0
CHECK_ACCOUNTS_MAX = 500

_ANSWER = msgspec.json.Decoder(CollectableAnswer)


class LedgerClient:
    """The ledger, asked what is collectable just before a contact is made."""

    def __init__(self, url: str, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            timeout=CHECK_TIMEOUT_SECONDS,
            trust_env=False,  # a peer is never behind the host's proxy
        )

    async def collectable(self, tenant: str, account_ids: Sequence[str]) -> CollectableAnswer:
        """The accounts as the ledger has them now. Raises `Unavailable` without a good answer."""
        answers = [
            await self._ask(tenant, account_ids[start : start + CHECK_ACCOUNTS_MAX])
            for start in range(0, len(account_ids), CHECK_ACCOUNTS_MAX)
        ]
        accounts: list[CheckedAccount] = [a for answer in answers for a in answer.accounts]
        instants = [answer.intake_caught_up_at for answer in answers]
        known = [instant for instant in instants if instant is not None]
        return CollectableAnswer(
            tuple(accounts), min(known) if len(known) == len(instants) else None
        )

    async def _ask(self, tenant: str, account_ids: Sequence[str]) -> CollectableAnswer:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):  # httpx's own is per read
                response = await self._http.post(
                    "/v1/accounts/collectable",
                    json={"account_ids": list(account_ids)},
                    headers={"X-Tenant": tenant},
                )
            if response.status_code != httpx.codes.OK:
                raise Unavailable(f"the ledger's check answered {response.status_code}")
            return _ANSWER.decode(response.content)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unavailable(f"the ledger's check: {type(error).__name__}") from error
        except msgspec.DecodeError as error:
            raise Unavailable(f"the ledger's check does not fit its contract: {error}") from error

    async def close(self) -> None:
        await self._http.aclose()
