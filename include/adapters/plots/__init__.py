"""Figures that show how a model version behaves, drawn without a screen."""

from include.adapters.plots.draw import Seen, draw_plots

__all__ = ["Seen", "draw_plots"]
