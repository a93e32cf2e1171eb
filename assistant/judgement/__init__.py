"""A message in, what it is out: the screen for what comes first, and the kind of message."""
