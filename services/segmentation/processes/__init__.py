"""What takes several transactions, or a calculation between two: rescoring.py goes through a
population, training.py trains and tests models, watch.py compares them with the outcomes,
policy_trial.py tries a policy, guardrails.py checks experiments. Each step is one command."""
