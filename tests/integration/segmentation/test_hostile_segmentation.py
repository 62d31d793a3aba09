"""Texts that nobody means well with: no operation answers them with 500."""

import httpx

from tests.integration.hostile import faults_of


async def test_no_text_ends_as_an_error_on_our_side(client: httpx.AsyncClient) -> None:
    assert await faults_of(client) == []
