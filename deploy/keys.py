"""Keys and tokens: `.venv/bin/python -m deploy.keys new FOLDER`, and `mint FOLDER …`.

`new` makes an Ed25519 key pair: `FOLDER/private.pem` (mode 0600) and the key set `FOLDER/jwks.json`
that the services read (`RECOUP_JWKS`). A key set that exists gets one key more, so that tokens of
the old key live on until they end. `mint` prints a token of the newest key.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shared import clock
from shared.ids import is_tenant
from shared.process import program
from shared.web.auth import ANY_TENANT, ROLES, SCOPES

PRIVATE, PUBLIC = "private.pem", "jwks.json"
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def new_pair(folder: Path) -> str:
    """Make a key pair in the folder, add its public half to the key set; return its id."""
    key = Ed25519PrivateKey.generate()
    folder.mkdir(parents=True, exist_ok=True)
    public = public_jwk(key)
    known = json.loads((folder / PUBLIC).read_text())["keys"] if (folder / PUBLIC).exists() else []
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(folder / PRIVATE, pem)
    (folder / PUBLIC).write_text(json.dumps({"keys": [*known, public]}, indent=2) + "\n")
    return public["kid"]


def write_private(path: Path, content: bytes) -> None:
    """Replace the file by one that only its owner reads."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as RFC 8037 writes it; the id is its RFC 7638 thumbprint."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    required = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True)
    kid = _base64url(hashlib.sha256(canonical.encode()).digest())
    return {**required, "kid": kid, "alg": "EdDSA", "use": "sig"}


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def mint(
    folder: Path,
    *,
    tenant: str,
    scopes: Sequence[str],
    subject: str,
    ttl: timedelta,
    now: datetime,
    audience: str = "recoup",
    issuer: str = "recoup",
    roles: Sequence[str] = (),
) -> str:
    """A token that says who its bearer is, for which tenant, what it may do and until when."""
    key = load_pem_private_key((folder / PRIVATE).read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{folder / PRIVATE} holds no Ed25519 key")
    claims = {
        "sub": subject,
        "tenant": tenant,
        "scope": " ".join(scopes),
        "aud": audience,
        "iss": issuer,
        "iat": int(now.timestamp()),
        "exp": int((now + ttl).timestamp()),
        **({"roles": " ".join(roles)} if roles else {}),
    }
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": public_jwk(key)["kid"]})


def duration(text: str) -> timedelta:
    """`90s`, `15m`, `8h`, `30d`."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration like 90s, 15m, 8h or 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def tenant_name(text: str) -> str:
    """A tenant's id, or `*` for any tenant."""
    if text != ANY_TENANT and not is_tenant(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no tenant id ([a-z0-9-], 1–40) and not '*'")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program.call("deploy.keys"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("new", help="make a key pair")
    make.add_argument("folder", type=Path)
    give = commands.add_parser("mint", help="print a token")
    give.add_argument("folder", type=Path)
    give.add_argument("--tenant", type=tenant_name, required=True, help="tenant id, or * for any")
    give.add_argument(
        "--scope", action="append", required=True, choices=SCOPES, help="may be given several times"
    )
    give.add_argument(
        "--role",
        action="append",
        default=[],
        choices=ROLES,
        help="what the bearer may decide; may be given several times",
    )
    give.add_argument("--subject", required=True, help="who the bearer is: a person or a program")
    for claim, name in (("audience", "RECOUP_JWT_AUDIENCE"), ("issuer", "RECOUP_JWT_ISSUER")):
        give.add_argument(
            f"--{claim}",
            default=os.environ.get(name) or "recoup",
            help=f"as the services ask for it (default: {name}, or recoup)",
        )
    give.add_argument("--ttl", type=duration, default="8h", help="90s, 15m, 8h, 30d (default 8h)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    folder: Path = options.folder
    try:
        if options.command == "new":
            kid = new_pair(folder)
            print(f"key {kid}: private half in {folder / PRIVATE}, key set in {folder / PUBLIC}")
            return 0
        token = mint(
            folder,
            tenant=options.tenant,
            scopes=options.scope,
            subject=options.subject,
            ttl=options.ttl,
            now=clock.now(),
            audience=options.audience,
            issuer=options.issuer,
            roles=options.role,
        )
    except (OSError, ValueError) as error:
        print(f"keys: {error}", file=sys.stderr)
        return 1
    print(token)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
