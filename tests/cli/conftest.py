from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawtui.simulator import ModelScript, Script
from tests.cli.shell import Shell, a_shell

ANSWERS = Script(models={"one/alpha": ModelScript(text="Forty-two."), "two/beta": ModelScript(text="Forty-three.")})


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with a_shell(tmp_path, ANSWERS) as shell:
        yield shell
