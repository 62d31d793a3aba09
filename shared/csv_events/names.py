"""What columns are for, guessed from their names in some languages."""

import re
from collections.abc import Iterable

# Names without what is neither letter nor digit, in small letters; the first that fits is taken.
_NAMES: dict[str, tuple[str, ...]] = {
    "account_id": (
        "customerid", "customerno", "customernumber", "customer", "accountid", "accountnumber",
        "accountno", "account", "clientid", "client", "debtorid", "debtor", "kundennummer",
        "kundennr", "kunde", "debitorennummer", "debitor", "konto", "numeroclient", "cliente",
        "codecliente", "klantnummer", "klant", "contactname", "contact", "entity",
    ),
    "name": (
        "customername", "accountname", "companyname", "company", "name1", "name", "kundenname",
        "firma", "firmenname", "nom", "nombre", "ragionesociale", "bedrijfsnaam", "description",
    ),
    "invoice_id": (
        "invoiceid", "invoicenumber", "invoiceno", "invoice", "documentnumber", "documentno",
        "belegnummer", "belegfeld1", "beleg", "rechnungsnummer", "rechnungsnr", "rechnung",
        "numerofacture", "facture", "factura", "numerofattura", "factuurnummer", "num", "number",
        "reference", "id",
    ),
    "currency": (
        "currency", "currencycode", "waehrung", "währung", "wkzumsatz", "wkz", "devise", "moneda",
        "valuta", "curr",
    ),
    "due_on": (
        "duedate", "dueon", "due", "nettofälligkeit", "fälligkeit", "fälligam", "fällig",
        "faelligkeit", "faelligam", "zahlbarbis", "échéance", "echeance", "dateecheance",
        "fechavencimiento", "vencimiento", "scadenza", "vervaldatum", "netduedate", "duedateutc",
    ),
    "issued_on": (
        "invoicedate", "issuedate", "issuedon", "issued", "documentdate", "postingdate",
        "rechnungsdatum", "belegdatum", "buchungsdatum", "datefacture", "fechafactura",
        "datafattura", "factuurdatum", "createdutc", "created", "date", "datum", "fecha", "data",
    ),
    "paid_on": (
        "paymentdate", "paiddate", "paidon", "paidat", "paidatutc", "settleddate", "settledon",
        "zahlungsdatum", "bezahltam", "zahldatum", "ausgleichsdatum", "datepaiement",
    ),
    "amount": (
        "openbalance", "amountdue", "invoiceamount", "totalamount", "grossamount", "total",
        "amount", "balance", "betrag", "bruttobetrag", "rechnungsbetrag", "offenerbetrag",
        "umsatzohnesollhabenkz", "umsatz", "montant", "importe", "importo", "bedrag",
        "amountremaining",
    ),
    "status": ("status", "invoicestatus", "zustand", "statut", "estado"),
    "email": ("email", "emailaddress", "mail"),
}  # fmt: skip
_DAY_WORDS = ("date", "datum", "fällig", "faellig", "due", "fecha", "created", "issued")
_NO_LETTER = re.compile(r"[^\w]|_")


def plain_name(name: str) -> str:
    """A name as it is compared."""
    return _NO_LETTER.sub("", name[:100].casefold())


def is_day_s(name: str) -> bool:
    """Whether a column of that name holds days."""
    plain = plain_name(name)
    return any(word in plain for word in _DAY_WORDS)


def guess_roles(names: Iterable[str]) -> dict[str, str]:
    """What a column is for, by its name: each purpose is one column's."""
    plain = {name: plain_name(name) for name in names}
    roles: dict[str, str] = {}
    for role, known in _NAMES.items():
        for word in known:
            fits = [name for name, text in plain.items() if text == word and name not in roles]
            if fits:
                roles[fits[0]] = role
                break
    return roles
