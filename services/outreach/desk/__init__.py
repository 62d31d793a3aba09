"""What people do: cases, tasks, the work list, dispositions, approvals, reviews."""
