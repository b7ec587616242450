"""Carries bus events to whoever shows them: gathered, without repetitions, at most ten times a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from clawtui.engine.events import BusEvent, ConfigChanged, StateChanged, StoreChanged

SECONDS = 0.1
# Say how something is now: of several that wait, only the last is news.
_NOW = (ConfigChanged, StateChanged, StoreChanged)


class Later(Protocol):
    """What the feed needs of the app: to be called on its loop, at once or after a while."""

    def call_later(self, callback: Callable[[], None]) -> object: ...

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object: ...


class Feed:
    """`take` is called for each batch from the bus, `deliver` for what has gathered in a tenth of a second."""

    def __init__(
        self, app: Later, deliver: Callable[[tuple[BusEvent, ...]], None], monotonic: Callable[[], float]
    ) -> None:
        self._app = app
        self._deliver = deliver
        self._monotonic = monotonic
        self._waiting: list[BusEvent] = []
        self._delivered_at = -SECONDS

    def take(self, events: tuple[BusEvent, ...]) -> None:
        """The batch arrives outside the app's own tasks, so it is only kept here and handed over by the app."""
        is_first = not self._waiting
        self._waiting.extend(events)
        if is_first and self._waiting:
            self._app.call_later(self._pass_on)

    def _pass_on(self) -> None:
        rest = self._delivered_at + SECONDS - self._monotonic()
        if rest > 0:
            self._app.set_timer(rest, self._flush)
        else:
            self._flush()

    def _flush(self) -> None:
        events, self._waiting = coalesced(self._waiting), []
        self._delivered_at = self._monotonic()
        self._deliver(events)


def coalesced(events: list[BusEvent]) -> tuple[BusEvent, ...]:
    """In order; of those that only say how something is now, the last."""
    last: dict[type, int] = {type(event): place for place, event in enumerate(events) if isinstance(event, _NOW)}
    return tuple(event for place, event in enumerate(events) if last.get(type(event), place) == place)
