"""Rule books of a tenant."""
