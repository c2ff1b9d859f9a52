"""Indicators (指标), declared as data: what is counted, against what, at which level."""
