"""Door 3, the clock: when which process is called. rescoring.py without a pause while there is
work, watch.py once a minute, guardrails.py once an hour."""
