"""Metrics under resampling: measured on weighted rows, and by how much each row moves them."""
