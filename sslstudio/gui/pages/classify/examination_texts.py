"""The words of the examination of a classifier."""

from __future__ import annotations

EXAMINATION = "Examination"
SCORES = "Scores"
SCORES_HELP = "All scores with their 95 % intervals, over all classes and class by class, by image or by patient"
TRUST = "Probabilities"
TRUST_HELP = "Whether the probabilities can be believed, and when the classifier cannot tell"
CUT = "Where to cut"
CUT_HELP = "ROC and precision-recall curve, an operating point of your choice, and the decision curve"
