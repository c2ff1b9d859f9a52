"""Vital events (生命事件): births, deaths, marriages and divorces. An office reports what happened;
the registry matches the report to persons and registers it."""
