"""Pictures of finished runs, as PNG and SVG."""

from benchmark.report.plots.pictures import write_plots

__all__ = ["write_plots"]
