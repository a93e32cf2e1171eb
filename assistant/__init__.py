"""coach-or-mentor: which developmental help fits, and what the library says about it."""

__version__ = "0.1.0"
