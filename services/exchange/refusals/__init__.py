"""Refusals (拒收): kept with the hash of what came, and provable through the evidence log."""
