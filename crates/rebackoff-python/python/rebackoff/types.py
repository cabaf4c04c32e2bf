"""The types of what handlers get."""

from rebackoff._typing import ContextDetails, Details

__all__ = ["ContextDetails", "Details"]
