"""A real HTTP server on loopback that plays language-model providers, their faults included. It never thinks: what it
says is scripted, and says so. It knows nothing of the rest of the program."""

from clawtui.simulator.log import Outcome, Received
from clawtui.simulator.problem import ProblemKind
from clawtui.simulator.script import (
    DialectKind,
    Endpoint,
    Exhausted,
    Fault,
    FaultKind,
    Finish,
    KeyScript,
    ModelScript,
    ProviderScript,
    Quota,
    Rule,
    Script,
    ScriptedCall,
    Source,
    Where,
)
from clawtui.simulator.script_file import demo_script, load_script, parse_script
from clawtui.simulator.server import Simulator, serve
from clawtui.simulator.tables import ScriptError

__all__ = [
    "DialectKind",
    "Endpoint",
    "Exhausted",
    "Fault",
    "FaultKind",
    "Finish",
    "KeyScript",
    "ModelScript",
    "Outcome",
    "ProblemKind",
    "ProviderScript",
    "Quota",
    "Received",
    "Rule",
    "Script",
    "ScriptError",
    "ScriptedCall",
    "Simulator",
    "Source",
    "Where",
    "demo_script",
    "load_script",
    "parse_script",
    "serve",
]
