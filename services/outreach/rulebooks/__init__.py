"""Rule books of a tenant: contact law and house policy as versioned documents.

domain/ which books apply at an instant, and what is computed with them · store.py the books of
tenants, kept compiled · commands.py activation · processes/ answers, checks and dry runs, computed
elsewhere where they are long · api.py HTTP · shipped/ the books that come with the platform
"""
