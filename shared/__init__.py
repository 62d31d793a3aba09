"""Technology and contracts that all four services share. Knows no service.

* `events/`            the contract: every event, one class each
* `cloudevents/`, `csv_events/`  how billing platforms' events are read
* `log/`               how events leave a service and come in
* `database/`          connections, transactions, migrations
* `documents/`         versioned documents: kept, activated on a day, in force
* `web/`               what the services' HTTP has in common
* `process/`           settings, serving, telemetry, the compute pool
* and small values:    `business_time`, `clock`, `money`, `ids`, `errors`, `field_errors`
"""
