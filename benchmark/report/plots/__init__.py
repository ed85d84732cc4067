"""Pictures of finished runs, as PNG and SVG."""

from benchmark.report.plots.write import write_plots

__all__ = ["write_plots"]
