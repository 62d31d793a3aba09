"""Outreach's HTTP process: wiring only. `python -m services.outreach.app` serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.outreach import consumer
from services.outreach.api import compliance, pages, routes
from services.outreach.context import open_context
from services.outreach.settings import Settings
from shared.database import Database
from shared.process.serve import serve
from shared.process.start import settings_of
from shared.process.watchdog import exit_now
from shared.web import make_app

DESCRIPTION = "Who is asked, how and when: plans, contacts, and every reason for silence."


def create_app(settings: Settings) -> FastAPI:
    common = settings.common
    db = Database(settings.database_url, application="outreach-api", when_replaced=exit_now)
    context = open_context(settings, db)
    runtime = consumer.runtime(common, db, context.strategies, producer_urls=settings.producer_urls)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await context.close()
        await runtime.close()
        await db.close()

    page = pages.sessions(common.door)
    app = make_app(
        title="Recoup outreach",
        version="1.0.0",
        description=DESCRIPTION,
        context=context,
        lifespan=lifespan,
        lag=runtime.lag,
        has_holds=True,
        ready=db.ready,
        common=common,
        page=page,
        hot={"POST /v1/compliance/evaluate": compliance.evaluate_questions},
    )
    app.include_router(routes.router)
    if common.local:  # elsewhere the portal stands alone (portal_app.py)
        app.include_router(routes.visitors)
    pages.add_compliance_page(app, page)
    return app


if __name__ == "__main__":
    own = settings_of(Settings)
    serve(create_app(own), "outreach", own.common)
