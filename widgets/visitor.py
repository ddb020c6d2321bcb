"""Who opened a served drill: a signed token from the browser, and the folder that it opens in this kernel.

A kernel that Voila started has nobody's name. With COURSEKIT_VISITORS in its environment it shows nothing until a page
sends a token signed with the secret in that file; then it works in that visitor's own folder.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from widgets.spec import DataError

#: Environment of a served kernel: the file with the secret, and the assignment that it shows.
VISITORS, DRILL = "COURSEKIT_VISITORS", "COURSEKIT_DRILL"
#: The cookie that holds the token; the page reads it, so it is not HttpOnly.
COOKIE = "coursekit_visitor"


class VisitorError(ValueError):
    """A token that opens nothing; the message is Chinese and says what to do."""


class Visitor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signed in, and until when (seconds since 1970)."""

    id: str
    name: str
    until: int
    role: Literal["trainee", "trainer"] = "trainee"


def sign(visitor: Visitor, secret: bytes) -> str:
    """Make the token of *visitor*: only letters, digits and ``-_.``, so that a cookie holds it."""
    body = urlsafe_b64encode(msgspec.json.encode(visitor)).rstrip(b"=")
    return (body + b"." + _seal(body, secret)).decode()


def verify(token: object, secret: bytes, now: float) -> Visitor:
    """Return whose token this is; raises VisitorError for a forged, torn or expired one."""
    if not isinstance(token, str) or not token.isascii() or len(token) > 1000:
        raise VisitorError("您还没有签到，请先签到。")
    body, _, seal = token.encode().partition(b".")
    if not hmac.compare_digest(seal, _seal(body, secret)):
        raise VisitorError("签到信息无效，请重新签到。")
    try:
        visitor = msgspec.json.decode(urlsafe_b64decode(body + b"=" * (-len(body) % 4)), type=Visitor)
    except (ValueError, msgspec.DecodeError):
        raise VisitorError("签到信息无效，请重新签到。") from None
    if visitor.until <= now:
        raise VisitorError("签到已过期，请重新签到，然后从原来的地方继续。")
    return visitor


def _seal(body: bytes, secret: bytes) -> bytes:
    return urlsafe_b64encode(hmac.digest(secret, body, "sha256")).rstrip(b"=")


@dataclass(frozen=True, slots=True)
class Service:
    """What a served kernel works for: the course whose secret this is, and one assignment."""

    secret: Path
    drill: str

    def admit(self, token: object, now: float, before: str | None = None) -> tuple[Visitor, Path]:
        """Return the visitor and the folder that the server laid out; raises VisitorError or DataError.

        *before* is who the page was opened for; it stays this visitor's.
        """
        try:
            visitor = verify(token, self.secret.read_bytes(), now)
        except OSError:
            raise DataError("演练服务的设置读不到，请告诉教师。") from None
        if before not in (None, visitor.id):
            raise VisitorError("本页已由另一人签到，请重新打开。")
        folder = self.secret.parent.parent / "homes" / visitor.id / self.drill
        if not folder.is_dir():
            raise DataError("您的演练文件夹不在了，请回到首页重新打开这个演练。")
        return visitor, folder


def service(environ: Mapping[str, str] = os.environ) -> Service | None:
    """Return what this kernel serves; None in JupyterLab and while grading."""
    secret = environ.get(VISITORS)
    return Service(Path(secret), environ.get(DRILL, "")) if secret else None
