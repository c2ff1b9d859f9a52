"""What is hers here (本人权利): export everything, erase numbers and texts at once."""
