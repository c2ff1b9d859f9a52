"""Participants (协作方): which nodes take part, where they are reached, with which keys."""
