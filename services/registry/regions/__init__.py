"""Regions (行政区划) of five levels: public reference data that every record points into."""
