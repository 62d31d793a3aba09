"""Bring a backup back: `make restore FROM=DIR`, `.venv/bin/python -m deploy.restore --from DIR`.

The platform must not run. Databases that hold anything are refused unless `--replace` is given. An
older backup is migrated, a newer one refused; a restore that was cut off is simply run again. After
databases that were brought back in another way (a provider's point-in-time recovery, all four to
one instant), `--mark` does the rest: new epochs, readers behind what Kafka holds of the lost time,
and the hold `restored`, so that nobody is contacted before a person has looked
(docs/operations.md, Backup and restore).
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy import compare
from deploy.local import databases
from deploy.local.errors import CannotStart
from deploy.recovery import manifest, restoring, settlement
from shared.addresses import BadUrl, KafkaAccess, kafka_access
from shared.errors import AppError
from shared.process import program
from shared.process.kafka_settings import read_kafka
from shared.process.settings import BadSetting, Env

_NEXT = (
    "Start the platform, have the billing events since then sent again, and look at "
    f'`make compare`. Then let it act by itself: `make holds ARGS="release {settlement.HOLD}"`'
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=program.call("deploy.restore"), description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--from", metavar="DIR", dest="folder", help="a backup")
    what.add_argument("--mark", action="store_true", help="they were brought back already")
    parser.add_argument("--replace", action="store_true", help="drop what is there")
    options = parser.parse_args(arguments)
    if options.folder == "":  # `make restore` alone
        parser.error("name the backup: make restore FROM=DIR")
    try:
        folder = Path(options.folder or "")
        made = None if options.folder is None else manifest.read(folder)
        with targets(os.environ, is_new=made is not None) as (urls, cluster):
            asyncio.run(restoring.check_idle(urls))
            if made is not None:
                if not options.replace:
                    asyncio.run(restoring.check_free(urls))
                epoch = restoring.restore(urls, folder, made, cluster)
            else:
                epoch = settlement.settle(urls, cluster, are_of_one_instant=False)
            number = asyncio.run(epoch)
            found = asyncio.run(compare.compare_at(urls))
    except (CannotStart, BadSetting, BadUrl, AppError, OSError) as error:
        print(f"not restored: {error}", file=sys.stderr)
        return 1
    compare.show(found)
    since = "" if made is None else f" as of {made.taken_at:%Y-%m-%d %H:%M:%S}Z"
    print(f"restored{since}, epoch {number}. {_NEXT}")
    return 0


@contextmanager
def targets(
    environment: Mapping[str, str], *, is_new: bool
) -> Iterator[tuple[dict[str, str], KafkaAccess | None]]:
    """The four databases' addresses and the cluster's, while nothing of ours runs on them."""
    cluster = read_kafka(Env(environment), local=True)
    urls = databases.named_in(environment)
    if urls is not None:
        if is_new:
            asyncio.run(_make_missing(urls))
        yield urls, cluster
        return
    # Only here: an image for a cluster has none of what a server of one's own needs.
    from deploy.local import __main__ as local
    from deploy.local import folder, parent

    data = folder.make(Path(environment.get("RECOUP_DATA_DIR") or "var"))
    with ExitStack() as held:
        held.enter_context(folder.locked(data))
        parent.await_earlier(data)
        server, _ = held.enter_context(local.postgres(data, environment))
        urls = dict(asyncio.run(databases.create_all(server)).owners)
        if cluster is None and (data / "kafka" / "log" / "meta.properties").exists():
            bootstrap, _ = held.enter_context(local.kafka(data, environment))
            cluster = kafka_access(bootstrap)
        yield urls, cluster


async def _make_missing(urls: Mapping[str, str]) -> None:
    """Make the databases that are not there, as `deploy.prepare` does."""
    for url in urls.values():
        if not await databases.exists(url):
            await databases.create(databases.url_of(url, "postgres"), databases.database_of(url))


if __name__ == "__main__":
    raise SystemExit(main())
