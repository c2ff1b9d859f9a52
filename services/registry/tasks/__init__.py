"""Tasks (待办): what an event told the register that a clerk has to look at."""
