"""The door of the classes: from the 6 digits on the projector to the page where the class meets."""

from __future__ import annotations

from collections.abc import Callable

from coursekit.course import Course
from coursekit.live.room import find_store
from coursekit.live.rules import CLOSED, RefusedError


def class_door(course: Course, *, is_here: bool = False) -> Callable[[str], str]:
    """Return what turns a code into an address: a path where this server has the classes' pages, else the class's own.

    What it returns raises RefusedError, in words for trainees, for a code that is wrong and a class that is over.
    """
    store = find_store(course)

    def find(code: str) -> str:
        one = store.find(code)
        if one.closed is not None:
            raise RefusedError(CLOSED)
        return one.path if is_here else one.join

    return find
