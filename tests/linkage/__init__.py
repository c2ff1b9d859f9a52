"""How good linkage is, measured: `python -m tests.linkage` writes docs/guide/linkage.md."""
