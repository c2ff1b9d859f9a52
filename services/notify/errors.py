"""What can go wrong here, beyond shared/problems.py."""
