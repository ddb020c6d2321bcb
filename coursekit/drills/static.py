"""Scripts and style sheets, compressed once and kept: sixty phones on one wireless network share its air."""

from __future__ import annotations

import gzip
import mimetypes
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from tornado import web
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler

#: Voila's formula plug-in always wants a MathJax, from another host; drills have no formulas.
NO_MATHJAX = (
    "window.MathJax = {Ajax: {}, Hub: {Register: {StartupHook() {}}, Config() {}, Configured() {}, Queue() {}, "
    "getAllJax: () => []}};"
)
#: Files that have a version in their address never change (seconds: a year); others are asked for again after an hour.
FOR_EVER, A_WHILE = 31_536_000, 3_600


@lru_cache(maxsize=512)
def squeezed(path: str, _changed: datetime | None) -> tuple[bytes, str]:
    """Return a file's content as gzip, and its entity tag."""
    content = Path(path).read_bytes()
    return gzip.compress(content, 6), f'"{sha256(content).hexdigest()[:32]}"'


class Squeezed(web.StaticFileHandler):
    """Answers with the compressed file where the browser takes it; otherwise as the class that it is mixed into."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """Send the file, or that it is as it was."""
        if "gzip" not in self.request.headers.get("Accept-Encoding", "") or "Range" in self.request.headers:
            await super().get(path, include_body)
            return
        self.path = self.parse_url_path(path)
        wanted = self.get_absolute_path(self.root, self.path)  # this may choose another root
        found = self.validate_absolute_path(self.root, wanted)
        if found is None:
            return
        self.absolute_path = found
        changed = self.get_modified_time()
        body, tag = squeezed(found, changed)
        for_ever = "v" in self.request.arguments
        self.set_header("Cache-Control", f"public, max-age={FOR_EVER if for_ever else A_WHILE}")
        self.set_header("Content-Type", mimetypes.guess_type(found)[0] or "application/octet-stream")
        self.set_header("Vary", "Accept-Encoding")
        self.set_header("Etag", tag)
        if self.check_etag_header():
            self.set_status(304)
            return
        self.set_header("Content-Encoding", "gzip")
        self.write(body)


class Voilas(Squeezed, MultiStaticFileHandler):  # type: ignore[misc]
    """Voila's own scripts."""


class Templates(Squeezed, TemplateStaticFileHandler):  # type: ignore[misc]
    """The template's files."""


class Extensions(Squeezed, FileFindHandler):
    """The widgets' front ends."""


class NoMathJax(web.RequestHandler):
    """In the place of MathJax."""

    def get(self) -> None:
        """Answer with next to nothing."""
        self.set_header("Content-Type", "text/javascript")
        self.write(NO_MATHJAX)


#: Which of Voila's handlers is replaced by which of these.
INSTEAD: dict[type, Any] = {
    MultiStaticFileHandler: Voilas,
    TemplateStaticFileHandler: Templates,
    FileFindHandler: Extensions,
}
