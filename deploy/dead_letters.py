"""Dead letters of all services: `make dead-letters ARGS="list | replay ID | skip ID --reason …"`.

An id is `service:number`, as `list` shows it. `replay` tries a message again (after a fix); `skip`
does without it, in rebuilds too; both let its account go on. A gap (an event that never came) is
skipped by `skip-gap SERVICE CONSUMER TOPIC TENANT/ACCOUNT`. After the cluster dropped what a
consumer had not read (it says LogLost), `restart-part SERVICE CONSUMER TOPIC/NUMBER` lets it read
that part again from where the part begins now. After a topic was made anew, `resend SERVICE` lets
the service that writes it send its whole outbox again; readers drop what they have.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local import databases
from deploy.local.errors import CannotStart
from deploy.migrate import service_urls
from shared.database import Database
from shared.errors import AppError
from shared.log import dead_letters, lag, positions
from shared.process import program


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        with service_urls(os.environ, may_be_new=False) as urls:
            return asyncio.run(_run(options, urls))
    except (CannotStart, AppError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program.call("deploy.dead_letters"), description=__doc__)
    parser.set_defaults(command="list")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list", help="what was put aside, and what waits (the default)")
    replay = commands.add_parser("replay", help="try a message again")
    replay.add_argument("id", nargs="+", type=_letter_id, metavar="SERVICE:NUMBER")
    skip = commands.add_parser("skip", help="do without a message")
    skip.add_argument("id", nargs="+", type=_letter_id, metavar="SERVICE:NUMBER")
    gap = commands.add_parser("skip-gap", help="do without events that never came")
    gap.add_argument("service", choices=databases.SERVICES)
    gap.add_argument("consumer")
    gap.add_argument("topic")
    gap.add_argument("key", metavar="TENANT/ACCOUNT")
    part = commands.add_parser("restart-part", help="read a part from its beginning again")
    part.add_argument("service", choices=databases.SERVICES)
    part.add_argument("consumer")
    part.add_argument("part", metavar="TOPIC/NUMBER")
    resend = commands.add_parser("resend", help="send a service's whole outbox to Kafka again")
    resend.add_argument("service", choices=databases.SERVICES)
    for command in (skip, gap):
        command.add_argument("--reason", default="decided by an operator")
    return parser


def _letter_id(text: str) -> tuple[str, int]:
    service, _, number = text.partition(":")
    if service not in databases.SERVICES or not number.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not like metrics:12")
    return service, int(number)


async def _run(options: argparse.Namespace, urls: Mapping[str, str]) -> int:
    opened = {
        name: Database(url, pool_size=1, application="dead-letters") for name, url in urls.items()
    }
    try:
        for db in opened.values():
            await db.ready()
        if options.command in (None, "list"):
            await _list(opened)
        elif options.command == "skip-gap":
            tenant, _, key = options.key.partition("/")
            place = (tenant, options.topic, key)
            skipped = await dead_letters.skip_gap(
                opened[options.service], options.consumer, place, options.reason
            )
            print(f"{options.key}: {skipped} events skipped")
        elif options.command == "restart-part":
            await positions.restart_part(opened[options.service], options.consumer, options.part)
            print(f"{options.consumer} reads {options.part} again from where it begins")
        elif options.command == "resend":
            await positions.send_again(opened[options.service], lag.RELAY)
            print(f"the relay of {options.service} sends its outbox again from where it begins")
        else:
            for service, number in options.id:
                if options.command == "replay":
                    await dead_letters.replay(opened[service], number)
                else:
                    await dead_letters.skip(opened[service], number, options.reason)
                print(f"{service}:{number}: {options.command} noted")
    finally:
        for db in opened.values():
            await db.close()
    return 0


async def _list(opened: Mapping[str, Database]) -> None:
    console = Console()
    letters = Table("id", "consumer", "topic", "account", "number", "waiting", "since", "reason")
    gaps = Table("service", "consumer", "topic", "account", "applied to", "waits from", "waiting")
    for column in (*letters.columns, *gaps.columns):
        column.overflow = "fold"  # nothing is cut off: these are arguments of the other commands
    letters.columns[0].no_wrap = True
    for service, db in opened.items():
        for letter in await dead_letters.list_dead_letters(db):
            letters.add_row(
                f"{service}:{letter.id}",
                letter.consumer,
                letter.topic,
                "–" if letter.key is None else escape(f"{letter.tenant}/{letter.key}"),
                "–" if letter.sequence is None else str(letter.sequence),
                str(letter.waiting),
                letter.failed_at[:19],
                escape(letter.reason),
            )
        for gap in await dead_letters.list_gaps(db):
            gaps.add_row(
                service,
                gap.consumer,
                gap.topic,
                escape(f"{gap.tenant}/{gap.key}"),
                str(gap.head),
                str(gap.first_waiting),
                str(gap.waiting),
            )
    if letters.row_count == gaps.row_count == 0:
        console.print("no dead letters, nothing waits")
    if letters.row_count:
        console.print(letters)
    if gaps.row_count:
        console.print("events that never came:")
        console.print(gaps)


if __name__ == "__main__":
    raise SystemExit(main())
