"""The log between the services: how events leave a service and how they come in (docs/log.md).

What a service needs of it stands here; the rest of the folder is how it works:

* out: `outbox` (rows written last of all in a transaction), `relay` (outbox → Kafka)
* in: `consume` (one loop over either source), `ordering` (each key's order), `positions`,
  `dead_letters`, `replay` (what waited), `failure_limit` (bad code or bad data)
* where events are read from: `sources`, `kafka/`; how they are written: `wire`
* the whole of it for one service: `runtime`; how far behind: `lag`; what may be dropped: `pruning`
* its tables: `tables`, `migrations`
"""

from shared.log.outbox import append
from shared.log.runtime import Runtime
from shared.log.subscriptions import RawSubscription, Subscription
from shared.log.wire import RawRecord

__all__ = ["RawRecord", "RawSubscription", "Runtime", "Subscription", "append"]
