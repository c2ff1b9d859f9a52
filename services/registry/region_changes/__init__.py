"""Changes of the map (区划调整): planned, applied to whoever lives there, undone."""
