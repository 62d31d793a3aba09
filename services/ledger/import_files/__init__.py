"""Files of events, before anything of them is sent: read, sorted, looked at.

`reading`    every row becomes events, or a reason why not
`store`      where a file's events and refusals stand meanwhile, in order: a database in a file
`order`      the order in which the facts of a file act
`report`     what is said of a file
`foresight`  what the ledger would make of it
`folders`    where all this stands meanwhile; `work`: what runs there in a process of its own

No database of ours, no network: who imports runs it in a process of its own.
"""
