"""What is hers here (本人权利): whose data it is, export, erasure."""
