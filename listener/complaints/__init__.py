"""Is a text a complaint, about what, and how bad: rules over cue words, without I/O at import.

This is the rule layer; it knows nothing of storage and never judges an incident as a whole.
"""

from listener.complaints.classify import (
    CLASSIFIER_VERSION,
    ComplaintJudgement,
    Reason,
    TextToClassify,
    classify,
    classify_batch,
)
from listener.complaints.codes import ComplaintType, Severity, severity_rank
from listener.complaints.labels import SEVERITY_LABELS, TYPE_LABELS

__all__ = [
    "CLASSIFIER_VERSION",
    "SEVERITY_LABELS",
    "TYPE_LABELS",
    "ComplaintJudgement",
    "ComplaintType",
    "Reason",
    "Severity",
    "TextToClassify",
    "classify",
    "classify_batch",
    "severity_rank",
]
