"""Reports of a run in five formats, each made from the run's public document and nothing else."""

from clawtui.evals.reports.render import EXTENSIONS, FORMATS, render

__all__ = ["EXTENSIONS", "FORMATS", "render"]
