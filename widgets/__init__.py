"""What a course notebook may use; everything else is reached through its module."""

from widgets.clock import ExamClock
from widgets.exercise import (
    Calculation,
    CaseDecision,
    ChecklistReview,
    Choice,
    Classification,
    FormEntry,
    FreeText,
    Matching,
    RecordSpotting,
    Scenario,
    StepOrdering,
)
from widgets.grading import grade

__all__ = [
    "Calculation",
    "CaseDecision",
    "ChecklistReview",
    "Choice",
    "Classification",
    "ExamClock",
    "FormEntry",
    "FreeText",
    "Matching",
    "RecordSpotting",
    "Scenario",
    "StepOrdering",
    "grade",
]
