"""What a course notebook may use; everything else is reached through its module."""

from widgets.exercise import ChecklistReview, Choice, Classification, Matching, RecordSpotting, StepOrdering
from widgets.grading import grade

__all__ = ["ChecklistReview", "Choice", "Classification", "Matching", "RecordSpotting", "StepOrdering", "grade"]
