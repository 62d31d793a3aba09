"""The topics that Recoup needs, from `topics.yaml`."""

from pathlib import Path

import yaml

from shared.log.kafka import TopicSpec

FILE = Path(__file__).with_name("topics.yaml")


def load() -> list[TopicSpec]:
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    defaults = document["defaults"]
    return [
        TopicSpec(
            name=name,
            partitions=own.get("partitions", defaults["partitions"]),
            replication=own.get("replication", defaults["replication"]),
            config={**defaults["config"], **own.get("config", {})},
        )
        for name, own in document["topics"].items()
    ]
