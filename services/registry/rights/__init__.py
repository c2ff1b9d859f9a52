"""Her own record (本人权利): export it, ask for corrections, ask for erasure."""
