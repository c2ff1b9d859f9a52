"""Scorecards (考核成绩) of agencies and areas, their evidence, and what holds them back."""
