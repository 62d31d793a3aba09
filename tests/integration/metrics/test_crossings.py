"""Two workers, each with one account: of whose contact one hears, and the other answers."""

from collections.abc import Iterable

import httpx
import pytest

from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.store import covers
from services.metrics.store.remembered import AccountKey
from shared.database import Session
from shared.errors import Unavailable
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.test_figures import ask
from tests.portfolios.log import moment
from tests.portfolios.telling import a_world, at_nine


async def test_a_contact_that_becomes_known_while_its_owner_is_looked_for(
    client: httpx.AsyncClient, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner is locked with the account that answers, or not at all: the batch begins again."""
    world = a_world("A", "B")
    world.contact("sent", "X", "A", at_nine("01-10"), covers=("B",))
    world.party("T1", "B", moment("01-12"), contact="X", outcome="promise")
    events = [event for event in world.events if event.type in HANDLERS]
    contact = [event for event in events if event.key == "A"]
    answer = [event for event in events if event.key == "B"]
    list_owners = covers.list_owners

    async def too_early(
        session: Session, answered: Iterable[tuple[str, str, str]]
    ) -> set[AccountKey]:
        found = await list_owners(session, answered)
        monkeypatch.undo()
        await deliver(contact)
        return found

    monkeypatch.setattr(covers, "list_owners", too_early)
    with pytest.raises(Unavailable):
        await deliver(answer)
    await deliver(answer)
    window = {"from": "2026-01-01", "to": "2026-01-31"}
    for name in ("contact_rate", "right_party_contact_rate"):
        found = await ask(client, f"/v1/kpis/{name}", **window)
        assert (found["numerator"], found["denominator"]) == (1, 1), name
