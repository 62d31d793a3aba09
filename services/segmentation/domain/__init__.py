"""The rules of segmentation: values in, values out.

Where to start reading:

1. `account`, `fold`     what is known of an account, and how each event changes it
2. `assess`              features → scores → segment, arms, warnings → expected recovery, priority
3. `features`            the figures that rules and models look at
4. `score`, `scorer`     the rule card's points; a trained model in its place
5. `policy`, `policies/` the first segment whose conditions hold; how it is written and checked
6. `announcements`       which of it is published

And: `questions` (what models look at), `recovery`, `priority`, `warnings`, `credit`, `experiments`,
`guardrails`, `commitments` (what an account keeps for a while), `rules` (all that is in force),
`encoding` (states as bytes), `policy_trial`, `model_watch` and `learning_jobs` (what a compute
process works out).
"""
