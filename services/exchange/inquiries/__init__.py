"""Inquiries (协查): a county asks another, with a deadline, and closes with the answer."""
