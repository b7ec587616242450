"""What panes ask of the app. A pane never reaches into another one: it says where to go, and the app takes them there."""

from __future__ import annotations

from textual.message import Message

from clawtui.engine.request import RequestId, Route


class OpenPane(Message):
    def __init__(self, area: str) -> None:
        super().__init__()
        self.area = area


class OpenTrace(Message):
    def __init__(self, request_id: RequestId) -> None:
        super().__init__()
        self.request_id = request_id


class OpenRoute(Message):
    def __init__(self, route: Route) -> None:
        super().__init__()
        self.route = route


class OpenProfile(Message):
    """The profiles pane at a thing: `kind` is provider, profile, policy or fusion; `field` a dotted field of it."""

    def __init__(self, kind: str, name: str, field: str = "") -> None:
        super().__init__()
        self.kind = kind
        self.name = name
        self.field = field


class Copy(Message):
    """Put text into the terminal's clipboard; what is too long for that offers an export."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = text
        self.what = what


class Export(Message):
    """Write text to a file in the exports folder, off the loop; the app says where it went."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__()
        self.text = text
        self.name = name


class Say(Message):
    """A toast: only for what has no place on the screen."""

    def __init__(self, text: str, severity: str = "information") -> None:
        super().__init__()
        self.text = text
        self.severity = severity


class LongWorkEnded(Message):
    """Long work is over: a toast, and the bell where the terminal is not looked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ActionsChanged(Message):
    """What can be done now has changed: footer and palette are to look again."""


class WishesChanged(Message):
    """Another target or policy is remembered: whatever shows who answers looks again, the header too."""


class Refused(Message):
    """Why a key did nothing, said in the place of the keys until the next one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
