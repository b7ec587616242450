"""What can be expected of an answer. Every grade has a reason in words."""

from clawtui.evals.graders.apart import grade, graded
from clawtui.evals.graders.reading import JUDGE, NAMES, Fault, read_expectation

__all__ = ["JUDGE", "NAMES", "Fault", "grade", "graded", "read_expectation"]
