"""Blind zones (盲区): places nobody clearly takes care of, found, assigned and handed over."""
