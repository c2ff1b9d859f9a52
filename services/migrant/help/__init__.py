"""Requests for help (求助): accepted, settled in time, or extended with a reason."""
