"""The person's copy: all that outreach knows of the person behind an account."""

from typing import Any

from services.outreach.activity.store.accounts import get_known_account
from services.outreach.activity.store.contacts import list_contacts
from services.outreach.consents.store import list_consents, list_preferences
from services.outreach.context import Context
from services.outreach.desk.commands.notes import note_view
from services.outreach.desk.store import people, personal
from services.outreach.desk.store import tasks as task_store

_MAX = 1000


async def copy_of(context: Context, tenant: str, account_id: str) -> dict[str, Any]:
    """As it stands now."""
    async with context.db.reading() as session:
        await get_known_account(session, tenant, account_id)
        account = await personal.find_account(session, tenant, account_id)
        assert account is not None, "it is known"
        contacts = await list_contacts(session, tenant, account_id, before=None, limit=_MAX)
        notes = await people.list_notes(session, tenant, account_id, before=None, limit=_MAX)
        tasks = await task_store.list_tasks_of(
            session, tenant, account_id, is_open=None, limit=_MAX
        )
        reads = await people.list_reads(session, tenant, account_id, before=None, limit=_MAX)
        return {
            "account_id": account_id,
            "debtor_id": account["debtor_id"],
            "kind": account["kind"],
            "timezone": account["timezone"],
            "country": account["country"],
            "erased": account["is_erased"],
            "details": await personal.find_details(session, tenant, account_id),
            "consents": [
                consent for consent, _ in await list_consents(session, tenant, account_id, None)
            ],
            "preferences": [
                preference for preference, _ in await list_preferences(session, tenant, account_id)
            ],
            "addresses": await personal.find_address_states(session, tenant, account_id),
            "contacts": [
                {
                    "contact_id": contact.contact_id,
                    "channel": contact.channel,
                    "step": contact.step,
                    "state": contact.state,
                    "planned_at": planned_at,
                    "attempted_at": contact.attempted_at,
                }
                for contact, planned_at in contacts
            ],
            "past_contacts": await personal.find_past_contacts(session, tenant, account_id, _MAX),
            "calls": await personal.find_calls(session, tenant, account_id),
            "inbound": await personal.find_inbound(session, tenant, account_id),
            "notes": [note_view(row) for row in notes],
            "tasks": [
                {
                    name: row[name]
                    for name in ("task_id", "kind", "opened_at", "disposition", "note")
                }
                for row in tasks
            ],
            "reads": [
                {"at": row["at"], "reader": row["reader"], "what": row["what"]} for row in reads
            ],
        }
