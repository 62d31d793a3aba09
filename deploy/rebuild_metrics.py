"""Compute every KPI again from the log (`make rebuild-metrics`).

Beside a running platform or alone. The addresses come from the environment, or are those of the
local mode; every answer is as it was before.
"""

import asyncio
import os
import sys
from collections.abc import Mapping

from deploy.local.errors import CannotStart
from deploy.migrate import service_urls, upgrade
from services.metrics.rebuild import rebuild
from services.metrics.settings import Settings
from shared.errors import Unavailable
from shared.process.settings import BadSetting

SERVICES = ("ledger", "segmentation", "outreach", "metrics")


def settings_from(environment: Mapping[str, str], urls: Mapping[str, str]) -> Settings:
    """The settings of metrics on these databases; tokens are not needed here."""
    known = {f"{service.upper()}_DATABASE_URL": url for service, url in urls.items()}
    local = {} if environment.get("RECOUP_JWKS") else {"RECOUP_LOCAL": "1"}
    return Settings.from_env({**environment, **known, **local})


def _tell(behind: int) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(f"\r{behind:>12,} events to come ")
        sys.stdout.flush()


def main() -> int:
    try:
        with service_urls(os.environ, SERVICES) as urls:
            asyncio.run(_rebuild(settings_from(os.environ, urls)))
    except (CannotStart, BadSetting, Unavailable) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\nThe figures are rebuilt from the log.\n")
    return 0


async def _rebuild(settings: Settings) -> None:
    await upgrade("metrics", settings.database_url)
    await rebuild(settings, _tell)


if __name__ == "__main__":
    raise SystemExit(main())
