"""The one bus of coarse events. Subscribers are plain callables that must not block; a failing one is dropped."""

from __future__ import annotations

import logging
from collections.abc import Callable

from clawtui.engine.events import BusEvent

log = logging.getLogger(__name__)

Subscriber = Callable[[BusEvent], None]


class EventBus:
    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Returns the way to unsubscribe."""
        self._subscribers.append(subscriber)

        def leave() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return leave

    def publish(self, event: BusEvent) -> None:
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(event)
            except Exception as error:  # an observer's fault must never become a request's
                log.warning("an observer failed and was dropped: %s", type(error).__name__)
                self._subscribers.remove(subscriber)
