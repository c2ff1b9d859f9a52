"""Notices (通报): a county tells another what happened to one of its people."""
