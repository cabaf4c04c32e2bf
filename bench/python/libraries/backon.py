"""backon from PyPI: decorators in its own words."""
