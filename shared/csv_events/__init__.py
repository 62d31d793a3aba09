"""CSV files as billing events, by a mapping (docs/import.md).

`document`    a mapping's YAML, and the line on which each part of it stands
`mapping`     a checked mapping: the file's form, and how a row becomes events
`cells`       the language of cells: what becomes of a text, and of a row
`amounts`     numbers and money as people write them; `days`: days and instants
`conditions`  which rows an event is made of
`files`       bytes as lines: encodings, packed files, pipes
`table`       lines as rows of named cells: delimiters, quotation marks, headers
`rows`        rows as events, or the reason why not
"""
