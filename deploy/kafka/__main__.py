"""`make kafka`: a broker in the foreground, with the topics made, until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from deploy.kafka import jars, topics
from deploy.kafka.broker import Broker
from deploy.local.errors import CannotStart
from shared.errors import Unavailable
from shared.log import kafka
from shared.process import program

DEFAULT_PORT = 9092


def main() -> int:
    options = _options()
    if options.lock:
        print(f"{jars.write_lock()} jars written to {jars.LOCK.name}")
        return 0
    broker = Broker(Path(options.data), options.port)
    # A second signal must not interrupt the broker's orderly stop.
    stopping = signal.SIGTERM, signal.SIGINT
    for number in stopping:
        signal.signal(number, _raise_interrupt)
    try:
        broker.start()
        asyncio.run(kafka.create_topics(broker.bootstrap, topics.load()))
        print(f"Kafka is ready at {broker.bootstrap} (data in {broker.data})", flush=True)
        broker.wait()
        print(broker.ended_by_itself, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopping Kafka", flush=True)
    except (CannotStart, Unavailable) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    finally:
        for number in stopping:
            signal.signal(number, signal.SIG_IGN)
        broker.stop()
    return 0


def _raise_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=program.call("deploy.kafka"), description=__doc__)
    data = os.environ.get("RECOUP_DATA_DIR") or "var"
    parser.add_argument("--data", default=f"{data}/kafka", help="data folder (%(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port (%(default)s)")
    parser.add_argument("--lock", action="store_true", help="resolve the jars anew, write the lock")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
