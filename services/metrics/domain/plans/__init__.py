"""Collection plans: what is to be reached by when, with what, and what is done when it is not
(docs/plans.md).

document.py a plan as it is written · conditions.py what alerts and contingencies wait for ·
drafts.py every fault of a document · traits.py what may be asked of a KPI · states.py who may do
what when · objectives.py an objective on a day · forecast.py what comes of it · budget.py costs by
line · resources.py people and channels · reviews.py when reviews fall due · alerts.py raised,
cleared, corrected · contingencies.py acting · in_force.py what counts beside what was planned ·
progress.py the whole as it is answered
"""
