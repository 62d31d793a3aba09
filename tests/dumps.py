"""Everything that a database has stored, as text: to look for what must not be there."""

from shared.database import Database

_COLUMNS = """
select c.table_schema || '"."' || c.table_name, c.column_name from information_schema.columns c
  join information_schema.tables t using (table_schema, table_name)
 where c.table_schema !~ '^(pg_|information_schema)' and t.table_type = 'BASE TABLE'
   and (c.data_type in ('text', 'bytea', 'character varying', 'json', 'jsonb')
        or c.data_type = 'ARRAY')
"""


async def stored_texts(db: Database) -> list[str]:
    """Every text and every document in every table."""
    found: list[str] = []
    for table, column in [tuple(row) for row in await db.fetch(_COLUMNS)]:
        rows = await db.fetch(f'select "{column}" from "{table}" where "{column}" is not null')
        for (value,) in rows:
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            found.append(text)
    return found
