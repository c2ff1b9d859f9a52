"""Claims between places (费用报销): a service given here that another pays by rule."""
