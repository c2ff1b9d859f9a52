"""Spreadsheets of leases (租赁备案表), filed line by line by landlords, agents and offices."""
