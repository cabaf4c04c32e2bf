"""What the examples and tests call in place of the outside world, all of it on the loopback."""
