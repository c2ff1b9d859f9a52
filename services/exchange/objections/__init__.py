"""Objections (异议): a person objects to what offices said of her to one another."""
