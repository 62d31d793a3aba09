"""What every answer tells browsers: what they may do with it. Kept in one place for all services.

Pages bring a policy of their own for their scripts and styles; what is data has none of either.
"""

NO_CONTENT_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_CONTENT_POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NO_STORE = (b"cache-control", b"no-store")
CONTENT_POLICY = (b"content-security-policy", NO_CONTENT_POLICY.encode())

# On every answer, whatever it is.
ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


def always(hsts_days: int) -> tuple[tuple[bytes, bytes], ...]:
    """`ALWAYS`, and the promise of TLS where there is one."""
    if not hsts_days:
        return ALWAYS
    promise = f"max-age={hsts_days * 86_400}; includeSubDomains".encode()
    return (*ALWAYS, (b"strict-transport-security", promise))
