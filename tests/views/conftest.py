"""A founded desk, as for the office."""

from tests.office.conftest import desk

__all__ = ["desk"]
