"""Begin to re-score a tenant's accounts, after a model or a policy has come into force."""

from datetime import datetime

from services.segmentation.store import accounts
from services.segmentation.store import rescoring as store
from shared import clock
from shared.database import Session


async def begin_rescore(
    session: Session, tenant: str, *, because: str, at: datetime, with_shadows: bool = False
) -> int:
    """Let workers re-score all accounts by what is in force then; the job's number.

    What it changes holds from `at`. One that is under way for the tenant ends: this one covers it.
    Challengers answer when something happens to an account; `with_shadows`, for everybody now.
    """
    count = await accounts.count_accounts(session, tenant)
    return await store.insert_rescoring(
        session,
        tenant,
        because=because,
        at=at,
        accounts=count,
        with_shadows=with_shadows,
        now=clock.now(),
    )
