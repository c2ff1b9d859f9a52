"""Regions (行政区划) as the registry lists them: what a code that somebody wrote is checked
against."""
