"""Exports of billing systems as they come, by the mappings that are documented for them."""

from pathlib import Path

from tests.unit.ledger.imported_files import data_of, imported, shipped, warned

SAP = """Debitoren-Einzelposten;;;;;;;;;;;;
Buchungskreis 1000;;;;;;;;;;;;
;;;;;;;;;;;;
Konto;Name 1;Buchungskreis;Belegart;Belegnummer;Jahr;Belegdatum;Buchungsdatum;\
Nettofälligkeit;Referenz;Währung;Betrag;Ausgleichsbeleg
10001;Müller & Söhne;1000;RV;1800001;2026;05.01.2026;06.01.2026;04.02.2026;R-1;EUR;1.200,00;1400001
10001;Müller & Söhne;1000;RV;1800002;2026;08.01.2026;08.01.2026;07.02.2026;R-2;EUR;800,50;1400001
10001;Müller & Söhne;1000;DZ;1400001;2026;10.02.2026;10.02.2026;;;EUR;1.500,00-;1400001
10001;Müller & Söhne;1000;RV;1800003;2026;15.02.2026;15.02.2026;;R-3;EUR;99,99;
10001;Müller & Söhne;1000;DG;1600001;2026;20.02.2026;20.02.2026;;;EUR;-20,00;
10002;;1000;DR;1800004;2026;01.03.2026;01.03.2026;31.03.2026;;JPY;128.000;
10002;;1000;AB;1900001;2026;01.03.2026;01.03.2026;;;JPY;5-;
*;;;;;;;;;;EUR;580,49;
Summe;;;;;;;;;;EUR;580,49;
"""


def test_open_and_cleared_items_of_sap_in_german(tmp_path: Path) -> None:
    file = tmp_path / "fbl5n.csv"
    file.write_bytes(SAP.encode("cp1252"))
    events, report = imported(file, shipped("sap"))
    assert not report.refused, report.refusals
    assert report.rows == 9
    # A total row's account is `*`: it is skipped for how it begins.
    assert report.skipped == {"blank": 0, "starts": 2, "group": 0, "header": 0, "no-event": 1}
    accounts = {data["account_id"]: data["name"] for data in data_of(events, "account-registered")}
    assert accounts == {"10001": "Müller & Söhne", "10002": "Debitor 10002"}
    invoices = {data["invoice_id"]: data for data in data_of(events, "invoice-issued")}
    assert invoices["1000-1800001-2026"] == {
        "invoice_id": "1000-1800001-2026",
        "account_id": "10001",
        "number": "R-1",
        "currency": "EUR",
        "amount_minor": 120_000,
        "issued_on": "2026-01-05",
        "due_on": "2026-02-04",
    }
    assert invoices["1000-1800003-2026"]["due_on"] == "2026-02-15"
    assert invoices["1000-1800004-2026"]["amount_minor"] == 128_000
    (note,) = data_of(events, "credit-note-issued")
    assert (note["amount_minor"], note["issued_on"]) == (2_000, "2026-02-20")
    (payment,) = data_of(events, "payment-received")
    assert payment["received_at"] == "2026-02-10T11:00:00Z"
    # The oldest due is paid in full, the other with what is left.
    assert payment["allocations"] == [
        {"invoice_id": "1000-1800001-2026", "amount_minor": 120_000},
        {"invoice_id": "1000-1800002-2026", "amount_minor": 30_000},
    ]
    assert report.after is not None
    assert (report.after["EUR"].balance, report.after["JPY"].balance) == (58_049, 128_000)
    assert warned(report) == {"no-event": (1, [11])}


QUICKBOOKS = """Acme Inc.,,,,,,,
A/R Aging Detail,,,,,,,
"As of March 31, 2026",,,,,,,
,,,,,,,
,Date,Transaction Type,Num,Due Date,Amount,Open Balance,
Bright / Ideas,,,,,,,
,01/15/2026,Invoice,1001,02/14/2026,"1,500.00","1,500.00",
,02/20/2026,Payment,77,02/20/2026,-100.00,-100.00,
,12/31/2025,Credit Memo,9,12/31/2025,-40.00,(40.00),
Total for Bright / Ideas,,,,,"1,360.00","1,360.00",
Cool Cars,,,,,,,
,03/01/2026,Invoice,1002,03/31/2026,250.00,50.25,
Total for Cool Cars,,,,,250.00,50.25,
TOTAL,,,,,"1,610.00","1,410.25",
"""


def test_the_aging_detail_of_quickbooks(tmp_path: Path) -> None:
    file = tmp_path / "aging.csv"
    file.write_text(QUICKBOOKS, encoding="utf-8")
    events, report = imported(file, shipped("quickbooks"))
    assert not report.refused, report.refusals
    assert (report.rows, report.skipped["group"], report.skipped["starts"]) == (9, 2, 3)
    accounts = {data["account_id"]: data["name"] for data in data_of(events, "account-registered")}
    assert accounts == {"Bright _ Ideas": "Bright / Ideas", "Cool Cars": "Cool Cars"}
    invoices = {data["invoice_id"]: data for data in data_of(events, "invoice-issued")}
    assert {name: data["amount_minor"] for name, data in invoices.items()} == {
        "qb:1001": 150_000, "qb:1002": 5_025,
    }  # fmt: skip
    assert invoices["qb:1002"]["account_id"] == "Cool Cars"
    notes = {d["credit_note_id"]: d["amount_minor"] for d in data_of(events, "credit-note-issued")}
    assert notes == {"qb:Payment:77:02/20/2026": 10_000, "qb:Credit Memo:9:12/31/2025": 4_000}
    assert report.after is not None
    assert report.after["USD"].balance - report.after["USD"].unapplied == 141_025


DATEV = (
    '"EXTF";700;21;"Buchungsstapel";13;20260401;;"RE";"";"";1001;1;20260101;4;20260101;20260331\n'
    "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Konto;Gegenkonto (ohne"
    " BU-Schlüssel);Belegdatum;Belegfeld 1;Fälligkeit;Buchungstext\n"
    '1190,00;"S";"EUR";10001;8400;103;"RE-1";15042026;"Beratung"\n'
    '23,8;"S";"";10002;8400;1203;"RE-2";;"Wartung"\n'
    '500,00;"H";"EUR";10001;1200;2003;"Z-1";;"Zahlung"\n'
    '99,00;"S";"EUR";70001;3400;2103;"ER-1";;"Kreditor"\n'
)


def test_a_booking_batch_of_datev(tmp_path: Path) -> None:
    file = tmp_path / "EXTF_Buchungsstapel.csv"
    file.write_bytes(DATEV.encode("cp1252"))
    events, report = imported(file, shipped("datev"))
    assert not report.refused, report.refusals
    invoices = {data["invoice_id"]: data for data in data_of(events, "invoice-issued")}
    assert {n: (d["amount_minor"], d["issued_on"], d["due_on"]) for n, d in invoices.items()} == {
        "RE-1": (119_000, "2026-03-01", "2026-04-15"),
        "RE-2": (2_380, "2026-03-12", "2026-03-26"),
    }
    assert {data["name"] for data in data_of(events, "account-registered")} == {
        "Debitor 10001", "Debitor 10002",
    }  # fmt: skip
    # Nothing is made of the payment (the mapping has no event for it), nor of the supplier's row.
    assert warned(report)["no-event"] == (2, [5, 6])


STRIPE = """
source: /import/stripe
dates: ["%Y-%m-%d %H:%M"]
zone: UTC
events:
  - type: account-registered
    once_per: Customer
    time: {column: Created (UTC), as: instant}
    data: {account_id: {column: Customer, as: id}, name: {column: Customer}}
  - type: invoice-issued
    data:
      invoice_id: {column: id}
      account_id: {column: Customer, as: id}
      currency: {column: Currency, as: currency}
      amount_minor: {column: Amount Due, as: minor}
      issued_on: {column: Created (UTC), as: date}
      due_on: {first_of: [{column: Due Date (UTC), as: date, optional: true},
                          {column: Created (UTC), as: date}]}
  - type: invoice-voided
    where: {Status: void}
    time: {column: Created (UTC), as: instant}
    data: {invoice_id: {column: id}, account_id: {column: Customer, as: id}}
  - type: payment-received
    where: {Amount Paid: {above: 0}}
    data:
      payment_id: {text: "stripe:{id}"}
      account_id: {column: Customer, as: id}
      currency: {column: Currency, as: currency}
      amount_minor: {column: Amount Paid, as: minor}
      received_at: {column: Created (UTC), as: instant}
      allocations: [{invoice_id: {column: id}, amount_minor: {column: Amount Paid, as: minor}}]
"""


def test_an_api_export_of_stripe_in_cents(tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text(
        "id,Customer,Currency,Amount Due,Amount Paid,Created (UTC),Due Date (UTC),Status\n"
        "in_1,cus_1,usd,1999,1999,2026-03-01 09:30,,paid\n"
        "in_2,cus_1,jpy,500,0,2026-03-02 09:30,2026-04-01 00:00,open\n"
        "in_3,cus_2,eur,100,0,2026-03-03 09:30,,void\n",
        encoding="utf-8",
    )
    events, report = imported(file, STRIPE)
    assert not report.refused
    assert report.after is not None
    assert {code: sums.balance for code, sums in report.after.items()} == {
        "EUR": 0, "JPY": 500, "USD": 0,
    }  # fmt: skip
    assert data_of(events, "invoice-voided") == [{"invoice_id": "in_3", "account_id": "cus_2"}]
    (payment,) = data_of(events, "payment-received")
    assert payment["allocations"] == [{"invoice_id": "in_1", "amount_minor": 1999}]


XERO = """
source: /import/xero
dates: ["%d %b %Y"]
currency: GBP
events:
  - {type: invoice-issued, once_per: InvoiceNumber,
     data: {invoice_id: {column: InvoiceNumber}, account_id: {column: ContactName, as: id},
            currency: {column: Currency}, amount_minor: {column: Total, as: money},
            issued_on: {column: InvoiceDate, as: date}, due_on: {column: DueDate, as: date}}}
"""


def test_a_row_per_line_of_xero_is_one_invoice(tmp_path: Path) -> None:
    file = tmp_path / "SalesInvoices.csv"
    file.write_text(
        "*ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,LineAmount,Currency\n"
        "Ridgeway,INV-1,1 Mar 2026,31 Mar 2026,320.00,100.00,\n"
        "Ridgeway,INV-1,1 Mar 2026,31 Mar 2026,320.00,220.00,\n"
        "Ridgeway,INV-2,2 Mar 2026,1 Apr 2026,£1.50,1.50,gbp\n".replace("*", ""),
        encoding="utf-8",
    )
    events, report = imported(file, XERO)
    assert [d["amount_minor"] for d in data_of(events, "invoice-issued")] == [32_000, 150]
    assert warned(report)["account-without-registration"] == (1, [2])
    assert report.skipped["no-event"] == 1


NETSUITE = """
source: /import/netsuite
dates: ["%m/%d/%Y"]
numbers: {thousands: ","}
events:
  - {type: invoice-issued, where: {Amount: {from: 0}},
     data: {invoice_id: {column: Document Number}, account_id: {column: Entity, as: id},
            currency: {column: Currency, as: currency, map: {Euro: EUR, US Dollar: USD}},
            amount_minor: {column: Amount, as: money}, issued_on: {column: Date, as: date},
            due_on: {column: Date, as: date, plus_days: 30}}}
  - {type: credit-note-issued, where: {Amount: {below: 0}},
     data: {credit_note_id: {column: Document Number}, account_id: {column: Entity, as: id},
            currency: {column: Currency, as: currency, map: {Euro: EUR, US Dollar: USD}},
            amount_minor: {column: Amount, as: money, sign: drop},
            issued_on: {column: Date, as: date}}}
"""


def test_currency_names_and_parentheses_of_netsuite(tmp_path: Path) -> None:
    file = tmp_path / "transactions.csv"
    file.write_text(
        "Document Number,Entity,Currency,Amount,Date\n"
        'INV1,Globex,US Dollar,"$1,234.50",02/27/2026\n'
        'CM1,Globex,Euro,"(€1,000.00)",3/1/2026\n'
        "INV2,Globex,Peso,1.00,3/1/2026\n",
        encoding="utf-8",
    )
    events, report = imported(file, NETSUITE)
    (invoice,) = data_of(events, "invoice-issued")
    assert (invoice["currency"], invoice["amount_minor"]) == ("USD", 123_450)
    assert invoice["due_on"] == "2026-03-29"
    (note,) = data_of(events, "credit-note-issued")
    assert (note["currency"], note["amount_minor"]) == ("EUR", 100_000)
    assert [(r.line, r.column, r.reason) for r in report.refusals] == [
        (4, "Currency", "'Peso' is not in the map"),
    ]


OPEN_ITEMS = """
source: /import/open-items
events:
  - {type: account-registered, once_per: Customer, time: "2026-01-01T00:00:00Z",
     data: {account_id: {column: Customer}, name: {column: Customer}, currency: EUR}}
  - {type: invoice-issued,
     data: {invoice_id: {column: Invoice}, account_id: {column: Customer}, currency: EUR,
            amount_minor: {column: Amount, as: money}, issued_on: {column: Issued, as: date},
            due_on: {column: Due, as: date}}}
  - {type: payment-received, where: {Paid: {above: 0}},
     data: {payment_id: {text: "opening:{Invoice}"}, account_id: {column: Customer}, currency: EUR,
            amount_minor: {column: Paid, as: money}, received_at: "2026-03-31T12:00:00Z",
            method: opening-balance,
            allocations: [{invoice_id: {column: Invoice},
                           amount_minor: {column: Paid, as: money}}]}}
"""


def test_open_items_with_what_was_paid_before(tmp_path: Path) -> None:
    file = tmp_path / "open.csv"
    file.write_text(
        "Customer,Invoice,Amount,Paid,Issued,Due\n"
        "C1,V1,100.00,40.00,2026-01-10,2026-02-10\n"
        "C1,V2,60.00,0.00,2026-03-10,2026-08-10\n",
        encoding="utf-8",
    )
    events, report = imported(file, OPEN_ITEMS)
    (payment,) = data_of(events, "payment-received")
    assert (payment["method"], payment["amount_minor"]) == ("opening-balance", 4_000)
    assert report.after is not None
    after = report.after["EUR"]
    assert (after.balance, after.overdue, after.unapplied, after.charges) == (12_000, 6_000, 0, 0)
    # Sent in the order in which the facts act, accounts first.
    assert [event["type"] for event in events] == [
        "account-registered", "invoice-issued", "invoice-issued", "payment-received",
    ]  # fmt: skip
