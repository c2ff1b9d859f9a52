"""The events of the five services, each declared once."""
