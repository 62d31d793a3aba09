"""Copy all four databases at one instant: `make backup`, or this with `--to DIR`.

It works while everything runs. The addresses come from `LEDGER_DATABASE_URL` and so on; without
them from `RECOUP_POSTGRES_URL`; without that the local mode's own databases are copied. The folder
holds personal data. `deploy.restore` brings it back (docs/operations.md, Backup and restore).
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.errors import CannotStart
from deploy.migrate import service_urls
from deploy.recovery import copying
from shared import clock
from shared.errors import AppError
from shared.process import program


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=program.call("deploy.backup"), description=__doc__)
    parser.add_argument(
        "--to", type=Path, metavar="DIR", help="a folder to be made (backups/ and the time)"
    )
    folder = parser.parse_args(arguments).to or Path("backups") / f"{clock.now():%Y%m%dT%H%M%SZ}"
    try:
        with service_urls(os.environ, may_be_new=False) as urls:
            made = copying.back_up(urls, folder)
    except (CannotStart, AppError, OSError) as error:
        print(f"no backup was made: {error}", file=sys.stderr)
        return 1
    length = sum(copy.bytes for copy in made.copies.values())
    print(f"{folder}: {len(made.copies)} databases as of {made.taken_at:%Y-%m-%d %H:%M:%S}Z, "
          f"{length / 1e6:.1f} MB, read back and whole")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
