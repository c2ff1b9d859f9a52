"""`python -m deploy.box` is the `yipan` command."""

from deploy.box.cli import main

main()
