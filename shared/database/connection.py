"""A connection to a database by its URL: the one place that hands an address to the driver."""

import ssl
from collections.abc import Mapping
from typing import Any, TypeAlias

import asyncpg

from shared.addresses import BadUrl, DatabaseAddress
from shared.errors import Unavailable

Connection: TypeAlias = Any  # asyncpg.Connection, which has no types

RESTORE_MARK = "recoup_restore"  # a schema that stands while a restore is under way
_IS_MARKED = f"select to_regnamespace('{RESTORE_MARK}') is not null"


async def connect(
    address: DatabaseAddress | str,
    *,
    application: str = "recoup",
    settings: Mapping[str, str] | None = None,
    command_timeout: float | None = None,
) -> Connection:
    """A driver connection, encrypted as the address says. The caller closes it.

    Raises what the driver does; `Unavailable` where the server and the address do not agree on
    encryption.
    """
    at = DatabaseAddress.from_url(address) if isinstance(address, str) else address
    try:
        return await asyncpg.connect(
            host=at.host,
            port=at.port,
            user=at.user,
            password=at.password,
            database=at.database,
            ssl=at.encryption() or False,
            direct_tls=False,
            server_settings={
                **(settings or {}),
                "application_name": at.application_name or application,
            },
            command_timeout=command_timeout,
            timeout=at.connect_timeout,
        )
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(
            f"the certificate of the database server at {at.where} is not accepted "
            f"(sslmode={at.sslmode}): {error.verify_message}"
        ) from error
    except BadUrl as error:  # its certificates were there at the start
        raise Unavailable(f"the address of the database {error}") from error
    except ConnectionError as error:
        if "SSL upgrade" not in str(error):
            raise
        raise Unavailable(
            f"the database server at {at.where} does not offer TLS, which sslmode={at.sslmode} "
            "demands"
        ) from error


async def refuse_half_restored(connection: Connection) -> None:
    """Raises `Unavailable` where a restore has not come to its end."""
    if await connection.fetchval(_IS_MARKED):
        raise Unavailable(
            "a restore into this database has not ended yet; one that was cut off is run again "
            "(python -m deploy.restore)"
        )
