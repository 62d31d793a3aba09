"""Texts that nobody means well with: no operation answers them with 500."""

from collections.abc import Awaitable, Callable

import httpx

from tests.integration.hostile import faults_of
from tests.unit.shared.billing_events import ACCOUNT, an_event, an_invoice


async def test_no_text_ends_as_an_error_on_our_side(
    client: httpx.AsyncClient, post: Callable[..., Awaitable[httpx.Response]]
) -> None:
    await post(an_event("account-registered", id="r", data=ACCOUNT), an_invoice())
    assert await faults_of(client) == []
