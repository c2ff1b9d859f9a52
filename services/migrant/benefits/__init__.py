"""Benefits paid by list (按清单发放): drawn up, audited jointly, paid, and proved."""
