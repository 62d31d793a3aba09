"""What a visitor thinks of it: the score is announced, the words stay here."""

from services.outreach.activity.commands import announce, tenant_now
from services.outreach.portal.domain.links import KnownLink, LinkAccount
from services.outreach.portal.domain.visits import thought
from services.outreach.portal.store.feedback import insert_feedback
from shared.business_time import Clock
from shared.database import Session


async def give_feedback(
    session: Session,
    clock_mode: Clock,
    link: KnownLink,
    account: LinkAccount,
    feedback_id: str,
    score: int,
    comment: str | None,
) -> None:
    at = await tenant_now(session, clock_mode, link.tenant)
    is_new = await insert_feedback(
        session, link.tenant, feedback_id, account.account_id, link.contact_id, score, comment, at
    )
    if is_new:
        await announce(session, link.tenant, at, [thought(link, account, feedback_id, score, at)])
