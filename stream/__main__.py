"""`python -m stream` is `heartline`."""

from stream.commands import main

main()
