"""Appointments (预约): places with opening hours, free times, a time kept for a person."""
