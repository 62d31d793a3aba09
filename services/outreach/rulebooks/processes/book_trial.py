"""Try a rule book on the newest recorded contacts, read in slices."""

from datetime import datetime

from services.outreach.activity.store.judgements import list_judgements
from services.outreach.compliance import digest_of
from services.outreach.context import Context
from services.outreach.rulebooks.domain.trial import Trial, begin_trial, try_judgements
from services.outreach.rulebooks.processes.books import ready_books
from services.outreach.rulebooks.processes.calculation import calculate

SLICE_JUDGEMENTS = 500


async def try_rulebook(context: Context, tenant: str, name: str, source: str, limit: int) -> Trial:
    """Nothing is changed. Raises `Invalid` for a bad book."""
    versions, digest = await ready_books(context, tenant), digest_of(source)
    texts = {digest: source}
    trial = await calculate(context, tenant, versions, begin_trial, name, digest, texts=texts)
    before: tuple[datetime, str] | None = None
    while trial.judged < limit:
        async with context.db.reading() as session:
            found = await list_judgements(
                session, tenant, before=before, limit=min(SLICE_JUDGEMENTS, limit - trial.judged)
            )
        if not found:
            return trial
        trial = await calculate(
            context, tenant, versions, try_judgements, digest, trial, found, texts=texts
        )
        before = (found[-1].at, found[-1].contact_id)
    async with context.db.reading() as session:
        rest = await list_judgements(session, tenant, before=before, limit=1)
    trial.is_cut_off = bool(rest)
    return trial
