"""The whole test suite in several pytest processes, over one PostgreSQL and one Kafka broker."""
