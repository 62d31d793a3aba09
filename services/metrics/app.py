"""Metrics' HTTP process: wiring only. `python -m services.metrics.app` serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.metrics import consumer
from services.metrics.api import (
    acts,
    alerts,
    books,
    costs,
    experiments,
    explained,
    exports,
    item_exports,
    jobs,
    kpis,
    pages,
    people,
    plans,
    preferences,
    process,
    rebuilds,
    restatements,
    stream,
    targets,
    views,
)
from services.metrics.context import open_context
from services.metrics.processes.days import backlog_of
from services.metrics.settings import Settings
from services.metrics.store import figures
from shared.process.serve import serve
from shared.process.start import settings_of
from shared.web import make_app
from shared.web.compression import Compression

DESCRIPTION = "The figures: KPIs by day, currency and segment, as of any day, live."

QUESTIONS = frozenset({"/v1/query"})  # POSTs that change nothing


def create_app(settings: Settings) -> FastAPI:
    common = settings.common
    context = open_context(settings, "metrics-api")
    runtime = consumer.runtime(settings, context)

    async def ready() -> None:
        async with context.db.reading() as session:
            await figures.list_revisions(session, [])

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await runtime.close()
        await context.close()

    page = pages.sessions(common.door)
    app = make_app(
        title="Recoup metrics",
        version="1.0.0",
        description=DESCRIPTION,
        context=context,
        lifespan=lifespan,
        lag=runtime.lag,
        ready=ready,
        common=common,
        page=page,
        has_root_page=True,
        has_holds=True,
        origins=settings.cors_origins,
        questions=QUESTIONS,
    )
    app.add_middleware(Compression)
    modules = (
        kpis,
        restatements,
        books,
        explained,
        process,
        people,
        exports,
        item_exports,
        costs,
        targets,
        views,
        preferences,
        stream,
        experiments,
        plans,
        alerts,
        rebuilds,
    )
    for module in modules:
        app.include_router(module.router)
    app.include_router(jobs.router(backlog_of(runtime.lag)))
    acts.add_acts(app, [module.router for module in modules])
    pages.add_dashboard(app, page, common)
    return app


if __name__ == "__main__":
    own = settings_of(Settings)
    serve(create_app(own), "metrics", own.common)
