"""Rule books of a tenant: contact law and house policy as versioned documents.

domain.py which books apply at an instant · store.py the books of tenants, kept compiled ·
commands.py activation and dry run · api.py HTTP · shipped/ the books that come with the platform
"""
