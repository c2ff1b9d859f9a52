"""Scorecards as paper, workbooks and pictures; trends, comparisons, explanations."""
