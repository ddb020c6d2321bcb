"""What the drill server answers: sign-in, the list of drills, one page and its kernel; everything else is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

import widgets
from coursekit.course import Course, CourseError
from coursekit.drills import roster, shelf
from coursekit.drills.pool import Pool
from coursekit.drills.signin import Desk
from widgets.visitor import COOKIE, Visitor

#: Scripts and connections come from this server alone; anywidget's modules are blobs, Voila's page has inline scripts.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


@dataclass(frozen=True, slots=True)
class Room:
    """What handlers need: the course, its sign-in desk, the drills served here, and the door to live classes.

    *door* returns the address of the class whose code was typed; it raises CourseError for a code that opens none.
    """

    course: Course
    desk: Desk
    drills: tuple[shelf.Drill, ...]
    door: Callable[[str], str]


class VisitorIdentity(IdentityProvider):
    """Jupyter's user is whose token the cookie holds."""

    def get_user(self, handler: web.RequestHandler) -> User | None:
        """Return the visitor as Jupyter's user; None sends to the sign-in page."""
        visitor = _room(handler).desk.visitor(handler.get_cookie(COOKIE))
        return User(username=visitor.id, name=visitor.name) if visitor else None

    def get_handlers(self) -> list[Any]:
        """Leave out Jupyter's own login."""
        return []


class OwnKernelOnly(Authorizer):
    """A kernel is its visitor's, by whatever address it is asked for."""

    def is_authorized(self, handler: JupyterHandler, user: User, action: str, resource: str) -> bool:
        """Say whether *user* opened the page of the kernel that is asked for."""
        del action
        return resource == "kernels" and owns(handler, user, handler.path_kwargs.get("kernel_id", ""))


def owns(handler: JupyterHandler, user: User, kernel: str) -> bool:
    """Say whether the kernel's page was given to *user*."""
    owners: dict[str, str] = handler.settings["kernel_manager"].owners
    return owners.get(kernel) == user.username


class EndKernel(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """A page that is left ends its kernel, nobody else's."""

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        """End the kernel."""
        if not owns(self, self.current_user, kernel_id):
            raise web.HTTPError(403)
        await self.settings["kernel_manager"].end(kernel_id)
        self.set_status(204)
        await self.finish()


class PageHandler(JupyterHandler):
    """What all pages share: the visitor, and answering in Chinese."""

    @property
    def visitor(self) -> Visitor:
        """Who is here; only behind ``authenticated``."""
        found = _room(self).desk.visitor(self.get_cookie(COOKIE))
        if found is None:
            raise web.HTTPError(403)
        return found

    def show(self, template: str, title: str, **what: Any) -> None:
        """Answer with one of the templates."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        common = {"course": _room(self).course.settings.name, "style": _style(), "xsrf": self.xsrf_form_html()}
        self.finish(_templates().get_template(template).render(title=title, **common, **what))

    def refuse(self, status: int, title: str, text: str) -> None:
        """Answer with a message and a way back."""
        self.set_status(status)
        self.show("message.html", title, text=text)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say in Chinese that something failed, and nothing about how."""
        if status_code == 404:
            self.refuse(404, "没有这个页面", "这里没有这个页面，或这个演练现在没有开放。请回到首页选择。")
        else:
            self.refuse(status_code, "页面打不开", f"演练服务出了问题（{status_code}），请稍后再试，或告诉教师。")


class NotFound(PageHandler):
    """Everything that is not served."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse."""
        raise web.HTTPError(404)


class SignIn(PageHandler):
    """The sign-in page: 工号 and 姓名, or a seat code."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form; a code in the address (a QR code on a slip) is filled in."""
        self._form(code=self.get_query_argument("code", ""))

    @allow_unauthenticated
    async def post(self) -> None:
        """Sign in, or say why not."""
        number, name, code = (self.get_body_argument(one, "") for one in ("number", "name", "code"))
        room = _room(self)
        find: Callable[[], roster.Person] = (
            (lambda: roster.find_seat(room.course, code))
            if code and not number
            else (lambda: roster.find_person(room.course, number, name))
        )
        try:
            person = await asyncio.to_thread(find)
        except CourseError as error:
            self.set_status(403)
            self._form(refused=str(error), number=number, name=name, code=code)
            return
        self.set_cookie(COOKIE, room.desk.token(person), samesite="Lax", path="/")
        self.redirect(local(self.get_body_argument("next", "/")), status=303)

    def _form(self, **values: str) -> None:
        after = local(self.get_argument("next", "/"))
        blank = {"refused": "", "number": "", "name": "", "code": "", "next": after}
        self.show("signin.html", "签到", **(blank | values))


class SignOut(PageHandler):
    """Forget who is here."""

    @allow_unauthenticated
    async def post(self) -> None:
        """Drop the cookie."""
        self.clear_cookie(COOKIE, path="/")
        self.redirect("/signin", status=303)


class Enter(PageHandler):
    """A link that signs in, such as the trainer's: ``/enter?token=…&next=/console``."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Take the token into the cookie, where it is good."""
        token = self.get_query_argument("token", "")
        if _room(self).desk.visitor(token) is None:
            self.refuse(403, "链接无效", "这个链接无效或已过期，请重新签到，或向教师要新的链接。")
            return
        self.set_cookie(COOKIE, token, samesite="Lax", path="/")
        self.redirect(local(self.get_query_argument("next", "/")), status=303)


class Home(PageHandler):
    """All drills, and how far the visitor is."""

    @web.authenticated
    async def get(self) -> None:
        """Show the list."""
        await self._list()

    async def _list(self, refused: str = "", code: str = "") -> None:
        """Show the list and the form for a class's code, with what was typed and why it was refused."""
        room, visitor = _room(self), self.visitor
        rows = await asyncio.to_thread(shelf.progress, room.course, room.drills, visitor.id)
        self.show("home.html", "情景演练", visitor=visitor, rows=rows, refused=refused, code=code)


class ToClass(Home):
    """From the code on the projector to its class, which may meet on another server."""

    @web.authenticated
    async def get(self) -> None:
        """Lead there, or say why not."""
        code = self.get_query_argument("code", "")
        try:
            address = await asyncio.to_thread(_room(self).door, code)
        except CourseError as error:
            self.set_status(404)
            await self._list(str(error), code)
            return
        if address == local(address):
            self.redirect(address, status=303)
            return
        self.set_header("Refresh", f"0; url={address}")  # the page's own policy forbids forms to lead elsewhere
        self.show("message.html", "正在进入课堂", text="如果没有自动打开，请按：", link=address, label="进入课堂")


class NotebookPage(PageHandler):
    """A notebook with a kernel of its own; *enter* prepares the visit, raising CourseError, *roles* may come."""

    def initialize(self, pool: Pool, enter: Callable[[Visitor], object], roles: frozenset[str]) -> None:
        """Take what serve.py wired."""
        self.pool, self.enter, self.roles = pool, enter, roles

    @web.authenticated
    async def get(self, *_: str) -> None:
        """Give a ready page to the visitor."""
        visitor = self.visitor
        if visitor.role not in self.roles:
            self.refuse(403, "只供教师使用", "这个页面只供教师使用。请用教师的链接打开。")
            return
        try:
            await asyncio.to_thread(self.enter, visitor)
        except CourseError as error:
            self.refuse(503, "演练暂时打不开", str(error))
            return
        page = await self.pool.take()
        self.settings["kernel_manager"].give(page.kernel, visitor.id)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            await self.finish(page.body)
        else:
            await self.finish(page.plain)


def local(address: str) -> str:
    """Return an address on this server, the home page for any other."""
    fine = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if fine else "/"


def _room(handler: web.RequestHandler) -> Room:
    room: Room = handler.settings["coursekit_room"]
    return room


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.PackageLoader("coursekit.drills"), autoescape=True)


@cache
def _style() -> str:
    kit = Path(widgets.__file__).with_name("kit.css").read_text("utf-8")
    return kit + Path(__file__).with_name("page.css").read_text("utf-8")
