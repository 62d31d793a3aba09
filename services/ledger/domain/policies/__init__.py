"""What a tenant decides of arrangements: one document for each name, version by version."""
