"""What is hers here (本人权利): export everything, erase what no duty holds."""
