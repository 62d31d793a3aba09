"""The local mode: PostgreSQL, all services and their workers on one machine."""
