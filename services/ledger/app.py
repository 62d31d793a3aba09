"""The ledger's HTTP process: wiring only. `python -m services.ledger.app` serves it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.ledger import consumer
from services.ledger.api import accounts, intake, invoices, tenants
from services.ledger.settings import Settings
from shared.database import Database
from shared.process.serve import serve
from shared.web import make_app
from shared.web.auth import Auth

DESCRIPTION = "What is owed, to the cent: accounts, invoices, payments, stages, the journal."


def create_app(settings: Settings) -> FastAPI:
    common = settings.common
    db = Database(settings.database_url, application="ledger-api")
    books = settings.books()
    runtime = consumer.runtime(settings.log, db, books)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await app.state.gatherer.close()
        await runtime.close()
        await db.close()

    app = make_app(
        title="Recoup ledger",
        version="1.0.0",
        description=DESCRIPTION,
        state=runtime,
        lifespan=lifespan,
        lag=runtime.lag,
        ready=db.ready,
        auth=Auth(jwks=common.jwks, dev_key=common.dev_key, default_tenant=common.default_tenant),
        quiet_paths=frozenset({"/v1/events"}),
        hot={"POST /v1/events": intake.take_events},
    )
    app.state.db = db
    app.state.books = books
    app.state.caught_up = runtime.caught_up
    app.state.gatherer = intake.gatherer(db, books)
    for router in (intake.router, accounts.router, invoices.router, tenants.router):
        app.include_router(router)
    return app


if __name__ == "__main__":
    settings = Settings.from_env(os.environ)
    serve(create_app(settings), "ledger", settings.common)
