"""Hits in, a checked answer out."""
