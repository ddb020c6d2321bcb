"""The Jupyter server extension behind 课程首页: what a page asks and does, as JSON under ``coursekit/``.

Enabled in config/jupyter_server_config.py. ``coursekit lab`` names role, trainee and home by COURSEKIT_ROLE,
COURSEKIT_TRAINEE and COURSEKIT_HOME; a server started otherwise (JupyterHub) is a trainee's, in its own root folder. Whatever reads files or calls nbgrader runs in a thread, what an instructor's
buttons start runs in a process of its own; every failure is one Chinese sentence, ``{"message": …}``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import msgspec
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from coursekit import edition, home, pages, work
from coursekit.assignmentlist import AssignmentList
from coursekit.course import Course, CourseError
from coursekit.kernels.seat import SeatKernels
from coursekit.seat import Seat
from coursekit.tasks import Tasks

T = TypeVar("T")
Role = Literal["trainee", "instructor"]
ID = r"(?P<id>[^/]+)"
_MESSAGES = {
    400: "请求的内容不完整，请刷新页面后再试。",
    403: "登录已过期或这一项不对您开放，请刷新页面后再试。",
    404: "找不到这一项，请刷新页面后再试。",
    405: "不支持这个操作，请刷新页面后再试。",
}
_BROKEN = "程序出了故障，这一步没有完成；已保存的作答不受影响。请刷新页面后再试，仍不行请联系教师。"


class Office:
    """What all handlers share: the course, who works here, and what is running."""

    def __init__(self, course: Course, role: Role, root: Path, assignments: AssignmentList) -> None:
        self.course = course
        self.assignments = assignments
        self.role = role
        self.root = root
        self.tasks = Tasks(course)
        self.exchange = asyncio.Lock()

    @property
    def seat(self) -> Seat:
        """The trainee's seat in this server's root folder."""
        return Seat.here(self.course, self.root)


class _Named(msgspec.Struct):
    id: str


class _Action(msgspec.Struct):
    action: str
    id: str


class Handler(APIHandler):
    """A handler whose answers and errors are the kit's."""

    role: ClassVar[Role | None] = None

    @property
    def office(self) -> Office:
        """The shared state."""
        found: Office = self.settings["coursekit"]
        return found

    async def prepare(self) -> None:  # type: ignore[override]
        """Turn away who has another role."""
        await super().prepare()
        if self.role is not None and self.role != self.office.role:
            raise web.HTTPError(403)

    def body(self, kind: type[T]) -> T:
        """Parse the request's JSON; raises HTTPError 400."""
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise web.HTTPError(400) from None

    async def ask(self, job: Callable[[], T]) -> T:
        """Do *job* in a thread, so that the server stays responsive."""
        return await asyncio.to_thread(job)

    def reply(self, value: object) -> None:
        """Finish with *value* as JSON."""
        self.set_header("Cache-Control", "no-store")
        self.finish(msgspec.json.encode(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what went wrong in one Chinese sentence."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, CourseError):
            self.set_status(409)
            message = str(error)
        else:
            message = _MESSAGES.get(status_code, _BROKEN)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode({"message": message}))

    def log_exception(self, *args: Any) -> None:
        """Log what is a fault of ours; what a person can put right is no error of the server."""
        if isinstance(args[1], CourseError):
            self.log.info("coursekit: %s", args[1])
        else:
            super().log_exception(*args)


class Home(Handler):
    """Everything on the first page."""

    @web.authenticated
    async def get(self) -> None:
        """List the modules."""
        office = self.office
        found = await self.ask(
            lambda: home.modules(office.seat) if office.role == "trainee" else work.authored(office.course)
        )
        settings = office.course.settings
        trainee = office.seat.trainee if office.role == "trainee" else None
        names = {"course": settings.name, "centre": settings.centre, "trainee": trainee}
        notice = None if office.course.exchanged.is_dir() else "收发文件夹还没有建立或连接不上，暂时不能领取和提交。"
        self.reply({"role": office.role, **names, "modules": found, "notice": notice})
        if office.role == "trainee":
            office.assignments.warm()


class Fetch(Handler):
    """领取."""

    role = "trainee"

    @web.authenticated
    async def post(self) -> None:
        """Fetch a module, or bring a fetched one up to the release."""
        name, office = self.body(_Named).id, self.office
        await self.ask(lambda: work.required(office.seat, name))
        await office.assignments.loaded()
        async with office.exchange:
            self.reply(await self.ask(lambda: work.fetch(office.seat, name)))


class Check(Handler):
    """检查作答."""

    role = "trainee"

    @web.authenticated
    async def post(self) -> None:
        """Say what is not answered yet."""
        name, office = self.body(_Named).id, self.office
        self.reply(await self.ask(lambda: work.check(office.seat, name)))


class Submit(Handler):
    """提交."""

    role = "trainee"

    @web.authenticated
    async def post(self) -> None:
        """Hand a module in; the receipt comes back when it has arrived."""
        name, office = self.body(_Named).id, self.office
        await self.ask(lambda: work.fetched(office.seat, name))
        await office.assignments.loaded()
        async with office.exchange:
            done = await self.ask(lambda: work.submit(office.seat, name))
        self.reply({"receipt": done.receipt, "at": done.submitted_at, "module": done})


class Export(Handler):
    """导出: a zip file for a USB stick."""

    role = "trainee"

    @web.authenticated
    async def post(self) -> None:
        """Write the file into the trainee's home."""
        name, office = self.body(_Named).id, self.office
        async with office.exchange:
            self.reply(await self.ask(lambda: work.export(office.seat, name)))


class Feedback(Handler):
    """查看反馈: where it is."""

    role = "trainee"

    @web.authenticated
    async def post(self) -> None:
        """Return the address of the newest feedback."""
        name, office = self.body(_Named).id, self.office
        await self.ask(lambda: work.feedback(office.seat, name))
        self.reply({"url": f"coursekit/feedback/{name}"})


class StillPage(JupyterHandler):
    """A page of its own that may do nothing but be read; each role has its own."""

    role: ClassVar[Role]

    @property
    def content_security_policy(self) -> str:
        """Allow style and pictures inside the page, and no script."""
        return "default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'; sandbox"

    def html(self, office: Office, id: str) -> str:  # noqa: A002  as tornado names it
        """Return the page; runs in a thread."""
        raise NotImplementedError

    @web.authenticated
    async def get(self, id: str) -> None:  # noqa: A002  tornado passes the group by its name
        """Serve the page."""
        office: Office = self.settings["coursekit"]
        if office.role != self.role:
            raise web.HTTPError(403)
        try:
            html = await asyncio.to_thread(lambda: self.html(office, id))
        except CourseError as error:
            raise web.HTTPError(404, str(error)) from None
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(html)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what went wrong on a plain page."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        said = error.log_message if isinstance(error, web.HTTPError) and status_code == 404 else None
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(said or _MESSAGES.get(status_code, _BROKEN))


class FeedbackPage(StillPage):
    """The newest released feedback."""

    role = "trainee"

    def html(self, office: Office, id: str) -> str:  # noqa: A002  as tornado names it
        """Return the feedback with the pictures of its lessons."""
        return work.feedback_page(office.seat, id)


class ReportPage(StillPage):
    """The report that 报表 made."""

    role = "instructor"

    def html(self, office: Office, id: str) -> str:  # noqa: A002  as tornado names it
        """Return the report as it was written."""
        return pages.report(office.course, id)


class Allowed(Handler):
    """Which notebooks may run by themselves."""

    @web.authenticated
    async def get(self) -> None:
        """Return a checksum a notebook."""
        office = self.office
        self.reply({"notebooks": await self.ask(lambda: allowed(office))})


class Desk(Handler):
    """The instructor's desk."""

    role = "instructor"

    @web.authenticated
    async def get(self) -> None:
        """Say of every assignment how far it is."""
        from coursekit.desk import rows

        office = self.office
        self.reply({"assignments": await self.ask(lambda: rows(office.course))})


class Run(Handler):
    """The instructor's buttons."""

    role = "instructor"

    @web.authenticated
    async def post(self) -> None:
        """Start a task; there is one at a time."""
        wanted, office = self.body(_Action), self.office
        self.reply({"task": await office.tasks.start(wanted.action, wanted.id)})


class Task(Handler):
    """How a task is getting on."""

    role = "instructor"

    @web.authenticated
    async def get(self, id: str) -> None:  # noqa: A002  tornado passes the group by its name
        """Return its state, progress and message."""
        self.reply(self.office.tasks.state(id))


HANDLERS: list[tuple[str, type[JupyterHandler]]] = [
    ("home", Home), ("fetch", Fetch), ("check", Check), ("submit", Submit), ("export", Export),
    ("feedback", Feedback), (f"feedback/{ID}", FeedbackPage), (f"report/{ID}", ReportPage), ("allowed", Allowed),
    ("desk", Desk), ("run", Run), (f"task/{ID}", Task),
]  # fmt: skip


def allowed(office: Office) -> dict[str, str]:
    """Return by path below the server's root which checksum a notebook may run with."""
    if office.role == "trainee":
        return edition.allowed(office.course.exchanged, office.root)
    return work.authored_notebooks(office.course)


def role_here() -> Role:
    """Return the role that ``coursekit lab`` gave this process; without one it is a trainee's."""
    return "instructor" if os.environ.get("COURSEKIT_ROLE") == "instructor" else "trainee"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "coursekit.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Add the handlers to a Jupyter server; its configuration names the course folder (c.Coursekit.course)."""
    course = Course.load(Path(app.config.Coursekit.course))
    if isinstance(app.kernel_manager, SeatKernels):
        app.kernel_manager.prepare()
    office = Office(course, role_here(), Path(app.root_dir).resolve(), AssignmentList(app))
    if office.role == "trainee":
        office.seat.take()
        office.assignments.stand_in()
    app.web_app.settings["coursekit"] = office
    base = url_path_join(app.web_app.settings["base_url"], "coursekit")
    app.web_app.add_handlers(".*$", [(url_path_join(base, path), handler) for path, handler in HANDLERS])
