"""Say an event and note it in the story of every account that it covers."""

from services.outreach.store import facts as store
from shared.database import Session
from shared.events import Event
from shared.log import outbox

Said = list[tuple[Event, tuple[str, ...]]]  # each with the accounts it covers


async def say(session: Session, said: Said) -> None:
    await store.insert_said(session, said)
    outbox.append(session, [event for event, _ in said])
