"""Referrals (转介): from a desk, or from herself, to the office that serves."""
