"""`make demo`: start the platform, work a portfolio, show the outcome.

Reads its options from the environment: SEED, DAYS, ACCOUNTS; DATA and MAPPING for a file of your
own (docs/import.md); REPORT names a JSON file to write; KAFKA=1 works over Kafka; KEEP=1 leaves the
platform up.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deploy.demo import table
from deploy.demo.calls import Calls, Failed
from deploy.demo.days import DemoDays
from deploy.demo.options import DAYS, Options
from deploy.demo.peers import Peers, servers
from deploy.demo.platform import Platform, running
from deploy.demo.portfolio import Portfolio
from deploy.demo.replay import Replay
from deploy.demo.report import Report, event_count, make_report
from deploy.demo.source import Source
from deploy.local.errors import CannotStart
from shared.clock import ONE_DAY, monotonic
from shared.errors import AppError
from shared.process.settings import BadSetting

_REPORTING_CURRENCY = "EUR"
COLUMNS_MIN = 92


def main() -> int:
    console = Console(highlight=False)
    if console.width < COLUMNS_MIN:
        console = Console(highlight=False, width=COLUMNS_MIN)  # wrapped, but no figure is cut
    try:
        options = Options.from_env(os.environ)
        asyncio.run(_run(console, options))
    except (BadSetting, CannotStart, Failed, AppError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        for fault in getattr(error, "errors", ()):
            print(f"  {fault.pointer}: {fault.detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _run(console: Console, options: Options) -> None:
    stopped, at_pages = _on_signals(), asyncio.Event()
    work = asyncio.ensure_future(_demo(console, options, stopped, at_pages))
    asked = asyncio.ensure_future(stopped.wait())
    await asyncio.wait([work, asked], return_when=asyncio.FIRST_COMPLETED)
    if not work.done() and not at_pages.is_set():
        work.cancel()
    asked.cancel()
    try:
        await work
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _on_signals() -> asyncio.Event:
    """Set by Ctrl-C or SIGTERM: the platform is then stopped in order."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


async def _demo(
    console: Console, options: Options, stopped: asyncio.Event, at_pages: asyncio.Event
) -> None:
    source = _source(options)
    console.print("Starting the platform …")
    async with (
        servers() as listening,
        running(
            os.environ, listening.variables, with_kafka=options.kafka, keep=options.keep
        ) as platform,
        Calls(platform) as calls,
    ):
        peers = listening.with_letters(platform.letters)
        report = await _work(console, options, source, calls, peers, platform)
        table.show(console, report)
        if options.report:
            options.report.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
            console.print(f"Report: {options.report}")
        at_pages.set()  # from here on it ends by itself when it is asked to
        await _pages(console, options, platform, stopped)


def _source(options: Options) -> Source:
    if options.data is not None and options.mapping is not None:
        return Replay(options.data, options.mapping, options.days)
    return Portfolio(options.seed, options.accounts, options.days or DAYS)


async def _work(
    console: Console,
    options: Options,
    source: Source,
    calls: Calls,
    peers: Peers,
    platform: Platform,
) -> Report:
    await calls.put_tenant(source.first_day, _REPORTING_CURRENCY)
    await calls.put_rates(_REPORTING_CURRENCY, source.first_day)
    for policy in source.policies:
        await calls.put_policy(policy, source.first_day)
    await calls.open_outreach(source.first_day)
    working = DemoDays(calls, peers, source, options.seed)
    started = monotonic()
    with _progress(console) as progress:
        task = progress.add_task("", total=source.days, mails=0)

        def when_done(number: int) -> None:
            day = source.first_day + number * ONE_DAY
            progress.update(
                task, advance=1, description=day.isoformat(), mails=peers.mailbox.received
            )

        await working.work(when_done)
    seconds = monotonic() - started
    report = await make_report(calls, platform, source, working, _asked(options))
    report["received"] = {
        "mails": peers.mailbox.received,
        "mails of alerts": len(peers.mailbox.alerts),
        "texts": peers.texts.received,
        "letters": peers.print_shop.received,
        "batches of letters": peers.print_shop.batches,
        "pages": peers.print_shop.pages,
    }
    report["timing"] = {
        "seconds": round(seconds, 3),
        "events_per_second": round(event_count(report) / seconds, 1),
        "rounds": working.worked.rounds,
        "seconds_by_step": {
            step: ms / 1000 for step, ms in sorted(working.worked.milliseconds.items())
        },
    }
    return report


def _asked(options: Options) -> dict[str, Any]:
    if options.data is not None and options.mapping is not None:
        return {"data": options.data.name, "mapping": options.mapping.name}
    return {"seed": options.seed}


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:10}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} days, {task.fields[mails]:,} mails"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


async def _pages(
    console: Console, options: Options, platform: Platform, stopped: asyncio.Event
) -> None:
    pages = {
        "dashboard": f"{platform.address('metrics')}/",
        **{f"{name} API": f"{platform.address(name)}/docs" for name in ("ledger", "segmentation")},
        **{f"{name} API": f"{platform.address(name)}/docs" for name in ("outreach", "metrics")},
    }
    if not options.keep:
        console.print(
            f"The pages were at {pages['dashboard']} and its neighbours' /docs; "
            "`make demo KEEP=1` leaves them open."
        )
        return
    for name, address in pages.items():
        console.print(f"  {name:18} {address}")
    console.print(f"  {'dev key':18} {platform.data / 'dev-key'}")
    for name, link in platform.links(os.environ).items():
        console.print(f"  {name + ' page':18} {link}  (signed in, once)", soft_wrap=True)
    console.print(
        "Ctrl-C stops. The data stays, and opens again with: "
        f"RECOUP_CLOCK=manual RECOUP_DATA_DIR={platform.data} make run",
        soft_wrap=True,
    )
    with contextlib.suppress(asyncio.CancelledError):
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
