"""Experiments: whether a challenger does better than the champion, said so that looking often does
no harm (docs/experiments.md).

analysis.py what is to be compared · sums.py the figures of arms by day · effects.py the effect of
one arm · sequential.py the test that holds on all days at once · mismatch.py whether the arms have
the sizes they were drawn with · comparisons.py each metric's course and verdict · verdicts.py the
experiment's, in words · report.py what is answered
"""
