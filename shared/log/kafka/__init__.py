"""Kafka, both ways: the only place that knows a Kafka client.

Positions live in the consumer's database; the group only shares out partitions and carries
informative offsets for lag tools. Every await of the client has a time-out, a time-out means
"unknown", and what hangs ends the process.
"""

from shared.log.kafka.cluster import LogLost, TopicSpec, cluster_id, create_topics
from shared.log.kafka.log import KafkaLog
from shared.log.kafka.membership import NameTaken
from shared.log.kafka.publisher import Publisher
from shared.log.kafka.source import KafkaSource

__all__ = [
    "KafkaLog",
    "KafkaSource",
    "LogLost",
    "NameTaken",
    "Publisher",
    "TopicSpec",
    "cluster_id",
    "create_topics",
]
