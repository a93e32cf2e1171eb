"""`python -m assistant` is `coach-or-mentor`."""

from assistant.cli import main

main()
