"""An open class as a page's kernel sees it, and its state, which is sent only when somebody has written since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from coursekit.live.records import Class
from coursekit.live.store import Store
from widgets.scenario import ScenarioSpec


@dataclass(frozen=True, slots=True)
class Meeting:
    """A class, the drill that it plays, and the store that keeps it."""

    store: Store
    one: Class
    spec: ScenarioSpec

    def state(self, known: object, page: Callable[[datetime], Any]) -> dict[str, Any]:
        """Return *page* as of now (UTC, naive), or nothing but the stamp when that is *known*."""
        stamp = self.store.database.stamp()
        if known is not None and stamp == known:
            return {"type": "same", "stamp": stamp}
        return {"type": "state", "stamp": stamp, "page": page(datetime.now(UTC).replace(tzinfo=None))}
