"""The door of the classes: from the 6 digits on the projector to the page where the class meets."""

from __future__ import annotations

from collections.abc import Callable

from coursekit.course import Course, CourseError
from coursekit.live.room import find_store
from coursekit.live.rules import CLOSED, RefusedError


def class_door(course: Course, *, is_here: bool = False) -> Callable[[str], str]:
    """Return what turns a code into an address: a path where this server has the classes' pages, else the class's own.

    What it returns raises CourseError, in words for trainees, for a code that is wrong and a class that is over.
    """
    store = find_store(course)

    def find(code: str) -> str:
        try:
            one = store.find(code)
        except RefusedError as error:
            raise CourseError(str(error)) from None
        if one.closed is not None:
            raise CourseError(CLOSED)
        return one.path if is_here else one.join

    return find
