"""Where things lie: the config file, and the folder for all data. Flags win over variables, these over the platform."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "clawtui"
CONFIG_VARIABLE = "CLAWTUI_CONFIG"
DATA_VARIABLE = "CLAWTUI_DATA"
FOLDER_MODE = 0o700
FILE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Paths:
    config_file: Path
    data_dir: Path

    @property
    def config_dir(self) -> Path:
        return self.config_file.parent

    @property
    def suites(self) -> Path:
        """The user's own eval suites."""
        return self.config_dir / "suites"

    @property
    def themes(self) -> Path:
        """The user's own themes."""
        return self.config_dir / "themes"

    @property
    def database(self) -> Path:
        return self.data_dir / "clawtui.sqlite3"

    @property
    def state_file(self) -> Path:
        """What the screen remembers: pane, theme, widths."""
        return self.data_dir / "screen.json"

    @property
    def fingerprint_key(self) -> Path:
        return self.data_dir / "fingerprint.key"

    @property
    def config_versions(self) -> Path:
        return self.data_dir / "config-versions"

    @property
    def backups(self) -> Path:
        """Copies of the database made before a migration or when it was damaged."""
        return self.data_dir / "backups"

    @property
    def exports(self) -> Path:
        return self.data_dir / "exports"

    def make_data_dir(self) -> None:
        make_private_folder(self.data_dir)

    def make_config_dir(self) -> None:
        make_private_folder(self.config_dir)


def expanded(text: str | Path) -> Path:
    """With `~` and `~NAME` resolved. Never raises: where no such home is known, the path stays as it is written."""
    try:
        return Path(os.path.expanduser(text))
    except ValueError:  # what can be no name of a user
        return Path(text)


def has_unknown_home(text: str | Path) -> bool:
    """Whether it begins with the home of somebody whom this machine does not know."""
    return str(text).startswith("~") and expanded(text) == Path(text)


def find_paths(environ: Mapping[str, str], config: str | Path | None = None, data: str | Path | None = None) -> Paths:
    """`config` and `data` are the command line's; an empty variable counts as none."""
    config_file = config or environ.get(CONFIG_VARIABLE)
    data_dir = data or environ.get(DATA_VARIABLE)
    return Paths(
        expanded(config_file) if config_file else platformdirs.user_config_path(APP, appauthor=False) / "config.toml",
        expanded(data_dir) if data_dir else platformdirs.user_data_path(APP, appauthor=False),
    )


def make_private_folder(folder: Path) -> None:
    """Makes the folder for its owner alone. One that exists keeps its permissions: somebody chose them."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
