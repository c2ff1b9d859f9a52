"""Runs: the scorecards of a period computed by themselves when it has ended (按期自动计算)."""
