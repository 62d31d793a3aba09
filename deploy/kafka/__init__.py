"""A Kafka broker on this machine: Apache Kafka's own jars on a JRE from a wheel, no Docker."""
