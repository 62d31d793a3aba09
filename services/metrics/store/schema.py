"""The tables of a generation of figures: all that can be made again from the log.

Each generation has a schema of its own, `figures_<n>`. A statement names a table only by its name:
a transaction enters a generation first (`generations.py`), which sets the search path. What is no
figure (plans, targets, views …) has tables in `public`, made by migrations.

A table that is new here is one more entry of `TABLES`. Each statement is run again on the
generation in use when a release starts, so it says `if not exists`; what a table has already is
changed only together with `FIGURES_VERSION`, which makes all figures anew.
"""

from collections.abc import Iterator, Mapping

_TEXT = 'text collate "C" not null'

_SPLITS = f"""
    segment {_TEXT}, channel {_TEXT}, strategy {_TEXT}, collector {_TEXT}"""
_FINE_SPLITS = f"""
    segment {_TEXT}, country {_TEXT}, kind {_TEXT},
    channel {_TEXT}, strategy {_TEXT}, collector {_TEXT}"""
_ADDED = """
    amount numeric not null, count bigint not null, weight numeric not null"""
_PART = """
    amount bigint not null, count bigint not null, weight bigint not null"""
_HOT = "with (fillfactor = 80)"  # updates stay in their page

TABLES: Mapping[str, tuple[str, ...]] = {
    # Of tenants, while a generation is being made: the zone in which their days end, and the newest
    # quarter of an hour of knowledge. Those of the figures in use are in `tenants`.
    "tenants": (
        f"""
        create table if not exists tenant_times (
            tenant_id {_TEXT} primary key,
            timezone text,
            latest_known int not null default 0
        ) {_HOT}
        """,
        # Which currencies a tenant has figures in, and since when that is known.
        f"""
        create table if not exists currencies (
            tenant_id {_TEXT},
            currency {_TEXT},
            known int not null,
            primary key (tenant_id, currency)
        )
        """,
    ),
    # What is remembered of each account; `version` counts its folds. Content null: nothing is known
    # of the account itself yet.
    "accounts": (
        f"""
        create table if not exists accounts (
            tenant_id {_TEXT},
            account_id {_TEXT},
            version bigint not null default 1,
            content bytea,
            primary key (tenant_id, account_id)
        ) {_HOT}
        """,
    ),
    # The facts of each item, the last day on which it adds anything, and when its last fact was
    # recorded. Those that add nothing any more lie compressed, an account's together.
    "items": (
        f"""
        create table if not exists items (
            tenant_id {_TEXT},
            account_id {_TEXT},
            kind {_TEXT},
            item_id {_TEXT},
            content bytea not null,
            ends_on date not null,
            known int not null,
            primary key (tenant_id, account_id, kind, item_id)
        ) {_HOT}
        """,
        f"""
        create table if not exists items_cold (
            tenant_id {_TEXT},
            account_id {_TEXT},
            content bytea not null,
            primary key (tenant_id, account_id)
        )
        """,
    ),
    # The cells (`domain/cells.py`): as folds append them (by the quarter of an hour in which they
    # were known), and merged: added up, and once more by knowledge.
    "cells": (
        f"""
        create table if not exists cells_new (
            tenant_id {_TEXT},
            known int not null,
            measure {_TEXT},
            currency {_TEXT},
            day date not null,
            until_on date not null,
            mark {_TEXT},
            cut {_TEXT},{_FINE_SPLITS},{_PART}
        )
        """,
        f"""
        create table if not exists sums (
            tenant_id {_TEXT},
            cut {_TEXT},
            measure {_TEXT},
            day date not null,
            until_on date not null,
            currency {_TEXT},
            mark {_TEXT},{_SPLITS},{_ADDED},
            primary key (
                tenant_id, cut, measure, day, until_on, currency, mark,
                segment, channel, strategy, collector
            )
        ) {_HOT}
        """,
        f"""
        create table if not exists sums_fine (
            tenant_id {_TEXT},
            cut {_TEXT},
            measure {_TEXT},
            day date not null,
            until_on date not null,
            currency {_TEXT},
            mark {_TEXT},{_FINE_SPLITS},{_ADDED},
            primary key (
                tenant_id, cut, measure, day, until_on, currency, mark,
                segment, country, kind, channel, strategy, collector
            )
        ) {_HOT}
        """,
        # Stocks: whole months (their first days), so that years before a window are few rows.
        f"""
        create table if not exists sums_months (
            tenant_id {_TEXT},
            cut {_TEXT},
            measure {_TEXT},
            day date not null,
            currency {_TEXT},
            mark {_TEXT},{_FINE_SPLITS},{_ADDED},
            primary key (
                tenant_id, cut, measure, day, currency, mark,
                segment, country, kind, channel, strategy, collector
            )
        ) {_HOT}
        """,
        f"""
        create table if not exists cells_log (
            tenant_id {_TEXT},
            known int not null,
            measure {_TEXT},
            currency {_TEXT},
            day date not null,
            until_on date not null,
            mark {_TEXT},
            cut {_TEXT},{_FINE_SPLITS},{_ADDED}
        ) partition by range (known)
        """,
        "create index if not exists cells_log_known on cells_log (tenant_id, measure, known)",
        # How long the log is by days of knowledge (96 quarters of an hour), to know which way to
        # read it; and up to where a tenant's log has days only.
        f"""
        create table if not exists log_sizes (
            tenant_id {_TEXT},
            known_day int not null,
            rows bigint not null,
            primary key (tenant_id, known_day)
        ) {_HOT}
        """,
        f"""
        create table if not exists log_compacted (
            tenant_id {_TEXT} primary key,
            before int not null
        )
        """,
    ),
    # Spans in which anything of an account was overdue, each as it was known from … until.
    "delinquencies": (
        f"""
        create table if not exists delinquencies (
            tenant_id {_TEXT},
            account_id {_TEXT},
            start_on date not null,
            known_from int not null,
            known_until int not null,
            chain_on date not null,
            end_on date not null,
            next_on date not null,
            ended_by text not null,
            is_untouched boolean not null,
            next_issued_on date not null,
            dues_from date[] not null,
            dues_on date[] not null,
            segment {_TEXT},
            country {_TEXT},
            kind {_TEXT},
            arms jsonb not null,
            primary key (tenant_id, account_id, start_on, known_from)
        )
        """,
        "create index if not exists delinquencies_by_end"
        " on delinquencies (tenant_id, end_on, start_on)",
    ),
    # Experiments: the sums of ripe accounts, and accounts by arm and day, each by when they were
    # known; rows of one key add up. `currency` is empty where a metric is of no money.
    "experiments": (
        f"""
        create table if not exists experiment_days (
            tenant_id {_TEXT},
            name {_TEXT},
            run int not null,
            arm {_TEXT},
            metric {_TEXT},
            currency {_TEXT},
            day date not null,
            known int not null,
            accounts bigint not null,
            y numeric not null,
            x numeric not null,
            yy numeric not null,
            xy numeric not null,
            xx numeric not null,
            primary key (tenant_id, name, run, arm, metric, currency, day, known)
        )
        """,
        f"""
        create table if not exists experiment_exposures (
            tenant_id {_TEXT},
            name {_TEXT},
            run int not null,
            arm {_TEXT},
            day date not null,
            known int not null,
            enrolled bigint not null,
            exposed bigint not null,
            crossed bigint not null,
            primary key (tenant_id, name, run, arm, day, known)
        )
        """,
        # An account in a run, by what was known from … until.
        f"""
        create table if not exists experiment_accounts (
            tenant_id {_TEXT},
            account_id {_TEXT},
            name {_TEXT},
            run int not null,
            known_from int not null,
            known_until int not null,
            arm {_TEXT},
            enrolled_on date not null,
            crossed_on date not null,
            exposed_on date not null,
            ripe_on date not null,
            named_at timestamptz not null,
            outcomes text not null,
            primary key (tenant_id, account_id, name, run, known_from)
        )
        """,
        "create index if not exists experiment_accounts_by_name"
        " on experiment_accounts (tenant_id, name, named_at)",
    ),
}


def schema_of(generation: int) -> str:
    """The name of a generation's schema."""
    return f"figures_{generation:d}"


def statements() -> Iterator[str]:
    """Every table, for whoever has entered the generation."""
    for made in TABLES.values():
        yield from made
