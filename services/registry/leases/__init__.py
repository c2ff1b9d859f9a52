"""Leases filed (房屋租赁备案): that a room is let, by whom and since when. Nothing is held of rent,
and nobody who lets a room answers for who lives in it."""
