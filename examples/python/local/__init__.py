"""Servers that the examples and tests call, all of them on the loopback."""
