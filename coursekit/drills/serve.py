"""The drill server: Voila with our own sign-in, home page, kernels and template, and nothing else of Voila's."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import tornado.web
from tornado.httpserver import HTTPServer
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import AllowListFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler
from voila.utils import get_page_config

import coursekit
from coursekit.course import Course, CourseError
from coursekit.drills import handlers, shelf, static
from coursekit.drills.connection import DrillConnection
from coursekit.drills.handlers import NotebookPage, Room
from coursekit.drills.kernels import DrillKernels
from coursekit.drills.pool import AT_ONCE, Pool, Ready
from coursekit.drills.render import Compiled, DrillRenderer
from coursekit.drills.signin import Desk
from coursekit.kernels import provisioner
from coursekit.kernels.forkserver import REHEARSAL, SHELF
from widgets.visitor import DRILL, VISITORS, Visitor

#: Voila's own ways to files, folders and sources, and its page handler.
_CLOSED = (
    AllowListFileHandler, VoilaContentsHandler, TornadoVoilaHandler, TornadoVoilaTreeHandler, VoilaShutdownKernelHandler
)  # fmt: skip
#: Every page is asked for a sign of life so often, and cut off after a silence of so long (ms). The silence must span
#: more than one question: Jupyter looks before it has asked for the first time.
PING, SILENCE = 10_000, 35_000
_FRONT_ENDS = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"]


@dataclass(frozen=True, slots=True)
class Page:
    """A notebook to be served at *route* (a regular expression); *size* kernels wait for its visitors."""

    route: str
    notebook: Path
    size: int
    enter: Callable[[Visitor], object] = lambda _: None
    roles: frozenset[str] = frozenset({"trainee", "trainer"})
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 lets the system choose."""

    host: str = "127.0.0.1"
    port: int = 8866


def drill_pages(course: Course, drills: Sequence[shelf.Drill], size: int) -> list[Page]:
    """Make the pages of *drills*, with kernels for *size* visitors in all."""
    each = -(-size // len(drills)) if drills else 0

    def enter(drill: shelf.Drill, visitor: Visitor) -> None:
        shelf.lay_out(course, drill, visitor.id)

    return [
        Page(f"/{re.escape(one.name)}", one.notebook, each, partial(enter, one), env={DRILL: one.name})
        for one in drills
    ]


class DrillServer(Voila):  # type: ignore[misc]
    """One server: kernels in pools of their own, pages for signed-in visitors."""

    room: Room
    pages: Sequence[Page] = ()
    rehearsal = ""

    def setup_template_dirs(self) -> None:
        """Put the kit's template before Voila's own, wherever the package lies."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(Path(coursekit.__file__).parent / "voila"))

    def init_settings(self) -> dict[str, Any]:
        """Add who may come, and what handlers need."""
        settings: dict[str, Any] = super().init_settings()
        self.gate = asyncio.Semaphore(AT_ONCE)
        self.compiled = Compiled()
        self.shelf = os.pathsep.join(sorted({str(page.notebook.parent) for page in self.pages}))
        return settings | {
            "login_url": "/signin",
            "coursekit_room": self.room,
            "headers": handlers.HEADERS,
            "default_handler_class": handlers.NotFound,
            "mathjax_url": "/no-mathjax.js",  # Voila's own is on another host
            "ws_ping_interval": PING,
            "ws_ping_timeout": SILENCE,
            "log_function": lambda _: None,  # refusals are said to whom they concern
        }

    def init_handlers(self) -> list[Any]:
        """Keep Voila's kernels and static files; pages are ours."""
        kept = [
            (one[0], static.INSTEAD.get(one[1], one[1]), *one[2:])
            for one in super().init_handlers()
            if not issubclass(one[1], _CLOSED)
        ]
        self.pools = {page.route: self.pool(page) for page in self.pages}
        mine = [
            (r"/", handlers.Home),
            (r"/signin", handlers.SignIn),
            (r"/signout", handlers.SignOut),
            (r"/enter", handlers.Enter),
            (r"/class", handlers.ToClass),
            (r"/no-mathjax.js", static.NoMathJax),
            (r"/voila/api/shutdown/(.*)", handlers.EndKernel),
        ]
        for page in self.pages:
            what = {"pool": self.pools[page.route], "enter": page.enter, "roles": page.roles}
            mine.append((page.route, NotebookPage, what))  # type: ignore[arg-type]
        return mine + kept

    def pool(self, page: Page) -> Pool:
        """Make the pool of a page; it is empty yet."""
        return Pool(page.size, partial(self.make, page), self.is_alive, self.gate)

    async def is_alive(self, kernel: str) -> bool:
        """Say whether a kernel still runs."""
        return kernel in self.kernel_manager and await self.kernel_manager.get_kernel(kernel).is_alive()

    async def make(self, page: Page) -> Ready:
        """Make a page; a kernel that fails at it is given up for another one, once."""
        if reason := await self.kernel_manager.renew_template(
            {**os.environ, SHELF: self.shelf, REHEARSAL: self.rehearsal}
        ):
            self.log.warning("演练内核改用普通方式启动（较慢）：%s", reason)
        try:
            return await self._make(page)
        except Exception as error:  # noqa: BLE001  whatever it was: a kernel that died, or one that hangs
            self.log.warning("有一个演练页面没有准备好，正在重做：%r", error)
            return await self._make(page)

    async def _make(self, page: Page) -> Ready:
        """Start a kernel that belongs to nobody yet and let it run the page's notebook."""
        renderer = DrillRenderer(
            self.compiled,
            voila_configuration=self.voila_configuration,
            traitlet_config=self.config,
            notebook_path=str(page.notebook),
            template_paths=self.template_paths,
            config_manager=self.config_manager,
            contents_manager=self.contents_manager,
            base_url=self.base_url,
            kernel_spec_manager=self.kernel_spec_manager,
            page_config=self.page_config(),
        )
        await renderer.initialize()
        env = {**os.environ, VISITORS: str(self.room.desk.file), **page.env}
        manager = self.kernel_manager
        kernel = await manager.start_kernel(kernel_name="python3", cwd=str(page.notebook.parent), env=env)
        try:
            parts = renderer.generate_content_generator(kernel, manager.get_kernel(kernel))
            return Ready.made(kernel, "".join([html async for html, _ in parts]))
        except BaseException:
            await manager.end(kernel)
            raise

    def page_config(self) -> dict[str, Any]:
        """Return what Voila's scripts are told."""
        settings, voila = self.app.settings, self.voila_configuration
        config: dict[str, Any] = get_page_config(self.base_url, settings, self.log, voila)
        return config

    async def serve(
        self, address: Address, ready: Callable[[int], None], counted: Callable[[], None] = lambda: None
    ) -> None:
        """Fill the pools, listen, and run until a signal comes; nothing is left running afterwards."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self.connection_dir = tempfile.mkdtemp(prefix="voila_")
        self.app = tornado.web.Application(**self.init_settings())
        self.app.add_handlers(".*$", self.init_handlers())
        web = HTTPServer(self.app)
        try:
            try:
                web.listen(address.port, address.host)
            except OSError as error:
                raise CourseError(
                    f"端口 {address.port} 用不了（{error.strerror}）。请用 --port 换一个，或先停掉占用它的程序。"
                ) from None
            self.port = next(iter(web._sockets.values())).getsockname()[1]  # noqa: SLF001  tornado keeps them there
            fill = asyncio.gather(*(pool.fill(counted) for pool in self.pools.values()))
            ended = asyncio.create_task(stop.wait())
            await asyncio.wait((asyncio.ensure_future(fill), ended), return_when=asyncio.FIRST_COMPLETED)
            if not stop.is_set():
                await fill
                ready(self.port)
                await ended
            fill.cancel()
        finally:
            web.stop()
            await self.close()

    async def close(self) -> None:
        """End kernels, template and everything on the disk that was theirs."""
        for pool in self.pools.values():
            pool.stop()
        with suppress(asyncio.CancelledError):
            await self.kernel_manager.end_all()
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def make_server(
    course: Course, drills: Sequence[shelf.Drill], pages: Sequence[Page], door: Callable[[str], str], rehearsal: str
) -> DrillServer:
    """Configure a server; nobody's own Voila or Jupyter settings take part.

    *door* is :class:`Room`'s; *rehearsal* is the module that plays a visit before kernels are forked.
    """
    config = Config()
    config.KernelManager.transport = "ipc"
    config.KernelManager.autorestart = False
    config.KernelManager.client_class = "coursekit.drills.render.DrillClient"
    config.ZMQChannelsWebsocketConnection.limit_rate = False  # reads each message; a drill's kernel runs no loops
    config.KernelSpecManager.ensure_native_kernel = True
    config.VoilaConfiguration.template = "lab"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.extension_allowlist = _FRONT_ENDS
    config.VoilaConfiguration.multi_kernel_manager_class = DrillKernels
    config.VoilaConfiguration.resources = {"coursekit": {"served": True}}
    config.HTMLExporter.language_code = "zh"
    config.Voila.identity_provider_class = handlers.VisitorIdentity
    config.Voila.authorizer_class = handlers.OwnKernelOnly
    config.Voila.kernel_websocket_connection_class = DrillConnection
    config.Voila.config_file_paths = []
    config.Voila.open_browser = False
    config.Voila.log_level = "WARN"
    provisioner.register(config)
    server = DrillServer(config=config)
    server.room, server.pages = Room(course, Desk.open(course), tuple(drills), door), pages
    server.rehearsal = rehearsal
    server.initialize([])
    return server


def allow_many_files() -> None:
    """Let this process open as many files as the system allows: each kernel takes a dozen."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
