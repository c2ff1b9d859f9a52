"""Persons (人员): who is registered, where the household register is, where they live."""
