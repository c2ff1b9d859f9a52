"""Conveners (召集人) and the migrants' association (流动人口协会): volunteers, never reporters."""
