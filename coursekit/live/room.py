"""A kernel's way to the class: the course and store that its environment names, and who is on the other end."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from coursekit.course import Course
from coursekit.live.database import Database, class_url
from coursekit.live.rules import RefusedError
from coursekit.live.store import Store
from widgets.exercise import current_trainee
from widgets.visitor import VisitorError, service, verify

#: Environment of a kernel: the course folder, and the URL of its class store, so that seats need not read course.toml.
COURSE, STORE = "COURSEKIT_COURSE", "COURSEKIT_CLASS_STORE"


def find_course(environ: Mapping[str, str] = os.environ) -> Course:
    """Return the course that this kernel belongs to; raises CourseError."""
    here = service(environ)
    root = environ.get(COURSE) or (here.secret.parent.parent if here else None)
    return Course.load(Path(root)) if root else Course.find(Path.cwd())


def find_store(course: Course) -> Store:
    """Return the course's class store, not yet touched."""
    return Store(Database(class_url(course)))


def kernel_store(environ: Mapping[str, str] = os.environ) -> Store:
    """Return this process's only store, moved to what the environment names, or its course's.

    A fork so finds compiled what its template has run before.
    """
    store = _only()
    store.database.move(environ.get(STORE) or class_url(find_course(environ)))
    return store


@cache
def _only() -> Store:
    return Store(Database("sqlite:///"))


def identify(token: object, environ: Mapping[str, str] = os.environ) -> str:
    """Return whose page this is: the visitor of a token, or on a server of one's own whoever runs it.

    Raises RefusedError for a token that opens nothing.
    """
    here = service(environ)
    if here is None:
        return current_trainee()
    try:
        return verify(token, here.secret.read_bytes(), time.time()).id
    except (VisitorError, OSError) as error:
        raise RefusedError(
            str(error) if isinstance(error, VisitorError) else "签到服务读不到，请告诉主持人。"
        ) from None
