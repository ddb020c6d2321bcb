"""nbgrader's Assignment List beside 课程首页, loaded late: importing nbgrader takes seconds that no page should wait for."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

#: The addresses of nbgrader.server_extensions.assignment_list.
PATHS = ("assignments", "assignments/(?:fetch|submit|fetch_feedback)", "courses", "nbgrader_version")


class AssignmentList:
    """Loads nbgrader and its extension once: after the first page has been answered, or when somebody asks for it.

    Whoever needs nbgrader waits for :meth:`loaded`: two threads that import it at once get half of a module.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._loading: asyncio.Task[None] | None = None
        self._rules: list[Any] = []

    def stand_in(self) -> None:
        """Answer the extension's addresses until it is there itself."""
        web_app = self._app.web_app
        before = list(web_app.default_router.rules)
        base = web_app.settings["base_url"]
        web_app.add_handlers(".*$", [(url_path_join(base, path), Waiting, {"late": self}) for path in PATHS])
        self._rules = [rule for rule in web_app.default_router.rules if rule not in before]

    def warm(self) -> None:
        """Begin to load."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())

    async def loaded(self) -> None:
        """Return when the extension is there."""
        self.warm()
        assert self._loading is not None
        await asyncio.shield(self._loading)

    async def _load(self) -> None:
        await asyncio.to_thread(_imported)
        _imported().load_jupyter_server_extension(self._app)
        rules = self._app.web_app.default_router.rules
        for rule in self._rules:
            rules.remove(rule)


class Waiting(JupyterHandler):
    """Sends a request on to the same address, where the extension is by then."""

    def initialize(self, late: AssignmentList) -> None:
        """Keep what loads the extension."""
        self.late = late

    @web.authenticated
    async def get(self) -> None:
        """Load, then send the browser there again."""
        await self._again()

    @web.authenticated
    async def post(self) -> None:
        """Load, then send the browser there again with what it posted."""
        await self._again()

    async def _again(self) -> None:
        await self.late.loaded()
        self.redirect(self.request.uri or "/", status=307)


def _imported() -> Any:
    """Import nbgrader's extension and all that the kit's own handlers need of nbgrader."""
    from nbgrader.server_extensions.assignment_list import handlers

    import coursekit.exchange
    import coursekit.nbgrader  # noqa: F401

    return handlers
