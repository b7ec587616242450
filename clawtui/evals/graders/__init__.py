"""What can be expected of an answer. Every grade has a reason in words."""

from clawtui.evals.graders.grading import grade, grade_all
from clawtui.evals.graders.reading import JUDGE, NAMES, Fault, read_expectation

__all__ = ["JUDGE", "NAMES", "Fault", "grade", "grade_all", "read_expectation"]
