"""A visitor of a served drill without a browser: real HTTP, Jupyter's websocket protocol, and the kit's messages."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from widgets.visitor import COOKIE

#: The protocol that browsers speak.
V1 = "v1.kernel.websocket.jupyter.org"

Message = dict[str, Any]


@dataclass
class Visit:
    """An open page: a websocket and the exercise behind it; its kernel's id tells pages apart."""

    line: WebSocketClientConnection
    kernel: str
    model: str
    session: str = field(default_factory=lambda: uuid.uuid4().hex)
    n: int = 0

    async def say(self, kind: str, content: Message) -> None:
        """Send a Jupyter message."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "",
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        try:
            await self.line.write_message(serialize_msg_to_ws_v1(parts, "shell"), binary=True)  # type: ignore[no-untyped-call]
        except WebSocketClosedError:
            raise ConnectionError("the line is cut") from None

    async def hear(self, wanted: Callable[[Message], bool]) -> Message:
        """Read messages until one's content is *wanted*; raises ConnectionError when the line is cut."""
        while (raw := await self.line.read_message()) is not None:
            _, parts = deserialize_msg_from_ws_v1(raw)  # type: ignore[no-untyped-call]
            content: Message = json.loads(parts[3])
            if wanted(content):
                return content
        raise ConnectionError("the server closed the connection")

    async def ask(self, **content: Any) -> Message:
        """Send a message to the exercise and return its answer."""
        self.n += 1
        n = self.n
        data = {"method": "custom", "content": content | {"from": self.session, "n": n}}
        await self.say("comm_msg", {"comm_id": self.model, "data": data})
        found = await self.hear(lambda one: _custom(one).get("to") == self.session and _custom(one).get("n") == n)
        return _custom(found)


def _custom(content: Message) -> Message:
    data = content.get("data", {})
    found = data.get("content", {}) if isinstance(data, dict) and data.get("method") == "custom" else {}
    return found if isinstance(found, dict) else {}


async def fetch(url: str, token: str, patience: float) -> str:
    """Return the page's HTML."""
    asked = HTTPRequest(
        url, headers={"Cookie": f"{COOKIE}={token}"}, connect_timeout=patience, request_timeout=patience
    )
    return (await AsyncHTTPClient().fetch(asked)).body.decode()


async def connect(url: str, kernel: str, session: str, token: str, patience: float) -> WebSocketClientConnection:
    """Open the line of a page, again where it was cut."""
    address = re.sub(r"^http(://[^/]+).*", r"ws\1", url) + f"/api/kernels/{kernel}/channels?session_id={session}"
    cookie = {"Cookie": f"{COOKIE}={token}"}
    asked = HTTPRequest(address, headers=cookie, connect_timeout=patience, request_timeout=patience)
    line = await websocket_connect(asked, subprotocols=[V1])
    line.protocol.stream.set_nodelay(True)  # type: ignore[union-attr]  # browsers do too
    return line


async def open_page(url: str, page: str, token: str, patience: float, **greeting: str) -> Visit:
    """Connect to the kernel of *page* and tell it who came and the *greeting*; raises ConnectionError when it refuses."""
    kernel, model = re.search(r'"kernelId": ?"([\w-]+)"', page), re.search(r'"model_id": ?"(\w+)"', page)
    if kernel is None or model is None:
        raise ConnectionError("a page without kernel or exercise")
    session = uuid.uuid4().hex
    mine = Visit(await connect(url, kernel[1], session, token, patience), kernel[1], model[1], session)
    await mine.say("kernel_info_request", {})
    control = uuid.uuid4().hex
    await mine.say("comm_open", {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}})
    await mine.say("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
    await mine.hear(lambda content: content.get("comm_id") == control)
    answer = await mine.ask(type="hello", token=token, **greeting)
    if answer["type"] not in ("state", "admitted"):
        raise ConnectionError(str(answer))
    return mine
