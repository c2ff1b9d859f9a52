"""Consents (同意): what a person agreed to, and the way out."""
