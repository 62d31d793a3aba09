"""The portal's HTTP process: wiring only. `python -m services.outreach.portal` serves it, and the
page that stops e-mails: all that debtors are shown, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.outreach import consumer
from services.outreach.api import opt_outs, routes
from services.outreach.context import open_context
from services.outreach.settings import Settings
from shared.database import Database
from shared.process.serve import serve
from shared.process.start import settings_of
from shared.process.watchdog import exit_now
from shared.web import make_app

NAME = "portal"
PORT_ABOVE = 4  # RECOUP_PORT_BASE
DESCRIPTION = "What debtors see of their accounts, and what they may agree on."


def create_app(settings: Settings) -> FastAPI:
    common = settings.common
    db = Database(settings.database_url, application="outreach-portal", when_replaced=exit_now)
    context = open_context(settings, db)
    runtime = consumer.runtime(common, db, context.strategies, producer_urls=settings.producer_urls)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await context.close()
        await runtime.close()
        await db.close()

    app = make_app(
        title="Recoup portal",
        version="1.0.0",
        description=DESCRIPTION,
        context=context,
        lifespan=lifespan,
        lag=runtime.lag,
        ready=db.ready,
        common=common,
    )
    app.include_router(routes.visitors)
    app.include_router(opt_outs.router)
    return app


def main() -> None:
    own = settings_of(Settings)
    common = own.common
    serve(create_app(own), NAME, common, port=common.port_base + PORT_ABOVE)
