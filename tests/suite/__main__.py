"""`python -m tests.suite [--long | --fast] [folders and files…]`: tests, in parts side by side.

Exit code 1 when a test failed. How long each part took is kept for the next run's order.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FrameType

from shared import clock
from tests.architecture.files import ROOT
from tests.suite import report
from tests.suite.lanes import Ended, Lanes
from tests.suite.parts import FAST, LONG, RULES, SHORT, Part, in_order, parts_under
from tests.suite.servers import servers

RULES_PATHS = [f"tests/{kind}" for kind in RULES]
MEMORY = ROOT / ".pytest_cache" / "recoup-seconds.json"


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    # Compiled tests are kept between parts, whatever the environment says.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    began = clock.monotonic()
    seconds = _remembered()
    parts = in_order(parts_under(RULES_PATHS if options.fast else options.paths), seconds)
    chosen = ["-m", LONG if options.long else FAST if options.fast else SHORT]
    if options.long:
        chosen.append("--hypothesis-profile=deep")
    with (
        tempfile.TemporaryDirectory(prefix="recoup-outcomes-") as folder,
        _addresses(parts) as addresses,
    ):
        lanes = Lanes(Path(folder), addresses, chosen, _say)
        ended = lanes.run(parts, options.lanes)
        print("\n".join(report.lines(ended, clock.monotonic() - began)), flush=True)
    if not options.fast and not options.long:
        _remember(seconds | {each.part.name: round(each.seconds, 1) for each in ended})
    return 0 if all(each.is_good for each in ended) else 1


def _addresses(parts: Sequence[Part]) -> AbstractContextManager[dict[str, str]]:
    return servers() if any(part.waits for part in parts) else nullcontext({})


def _say(ended: Ended) -> None:
    """One line for a part that is green; all that pytest wrote for one that is not."""
    if not ended.is_good:
        print(ended.output)
    last = ended.output.rstrip().rpartition("\n")[2].strip("= ")
    print(f"{'ok  ' if ended.is_good else 'RED '} {ended.part.name:26} {last}", flush=True)


def _remembered() -> dict[str, float]:
    try:
        found: dict[str, float] = json.loads(MEMORY.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _remember(seconds: dict[str, float]) -> None:
    MEMORY.parent.mkdir(exist_ok=True)
    MEMORY.write_text(json.dumps(seconds, indent=1), encoding="utf-8")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.suite", description=__doc__)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--long", action="store_true", help="the long forms alone")
    form.add_argument("--fast", action="store_true", help="of the rules, what takes no second")
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 2, help="(%(default)s)")
    parser.add_argument("paths", nargs="*", help="all of tests/ if none is named")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
