"""The ledger's HTTP process: wiring only. `python -m services.ledger.app` serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.ledger import consumer
from services.ledger.api import (
    accounts,
    approvals,
    charges,
    collectable,
    credit,
    disputes,
    documents,
    erasure,
    holds,
    imports,
    intake,
    invoices,
    journal,
    options,
    placements,
    plans,
    policies,
    promises,
    rates,
    settlements,
    tenants,
    waiting,
    write_offs,
)
from services.ledger.context import open_context
from services.ledger.settings import Settings
from shared.process.serve import serve
from shared.process.start import settings_of
from shared.web import make_app

DESCRIPTION = "What is owed, to the cent: accounts, invoices, payments, stages, the journal."


def create_app(settings: Settings) -> FastAPI:
    common = settings.common
    context = open_context(settings, application="ledger-api")
    runtime = consumer.runtime(settings, context)
    events = intake.EventsDoor(context)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await events.close()
        await runtime.close()
        await context.close()

    app = make_app(
        title="Recoup ledger",
        version="1.0.0",
        description=DESCRIPTION,
        context=context,
        lifespan=lifespan,
        lag=runtime.lag,
        has_holds=True,
        ready=context.db.ready,
        common=common,
        quiet_paths=frozenset({"/v1/events"}),
        hot={"POST /v1/events": events.take},
    )
    app.include_router(events.router)
    app.include_router(accounts.router)
    app.include_router(approvals.router)
    app.include_router(collectable.router(runtime.caught_up))
    app.include_router(credit.router)
    app.include_router(disputes.router)
    app.include_router(documents.router)  # before invoices, whose ids may hold slashes
    app.include_router(erasure.router)
    app.include_router(holds.router)
    app.include_router(imports.router)
    app.include_router(invoices.router)
    app.include_router(options.router)
    app.include_router(placements.router)
    app.include_router(plans.router)
    app.include_router(policies.router)
    app.include_router(promises.router)
    app.include_router(charges.router)
    app.include_router(rates.router)
    app.include_router(settlements.router)
    app.include_router(journal.router)
    app.include_router(tenants.router)
    app.include_router(waiting.router)
    app.include_router(write_offs.router)
    return app


if __name__ == "__main__":
    settings = settings_of(Settings)
    serve(create_app(settings), "ledger", settings.common)
