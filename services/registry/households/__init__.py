"""Households (户): who is registered together, and how each is related to the head."""
