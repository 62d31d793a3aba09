#!/bin/sh
# Every test (long forms: make e2e). What needs no server runs beside what waits for servers, and
# yields to it; its report comes last.
set -u
python=${1:-.venv/bin/python}
chosen="not full and not bench"
report=$(mktemp)
trap 'rm -f "$report"' EXIT
nice -n 10 "$python" -m pytest -m "$chosen" tests/unit tests/contracts tests/architecture >"$report" 2>&1 &
rules=$!
trap 'kill "$rules" 2>/dev/null; exit 130' INT TERM
"$python" -m pytest -m "$chosen" tests/integration tests/e2e tests/benchmarks
status=$?
wait "$rules" || status=$?
cat "$report"
exit "$status"
