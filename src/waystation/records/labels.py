"""Words that stand beside data: gettext ids, and choices that carry their label.

Knowledge names a message and translates nothing; only the edges (`desk`, `cli`) turn it into a
language. `locale/` holds the Russian.
"""

from enum import StrEnum
from typing import Self


def N_(message: str) -> str:  # noqa: N802 -- the name that gettext's extraction looks for
    """Mark a gettext id for extraction and return it unchanged."""
    return message


class _Option(str):
    """The stored text of a choice on its way into its list, with its label."""

    __slots__ = ("label",)
    label: str


def option(stored: str, label: str) -> str:
    """One choice of a list: its stored text, and its label as a gettext id."""
    found = _Option(stored)
    found.label = label
    return found


class Choice(StrEnum):
    """A closed list of values. A member is its stored text and carries `label`, a gettext id.

    The order of members is meaningful: pages offer them in it, and for a field about danger it runs
    from the least to the most dangerous.
    """

    label: str

    def __new__(cls, value: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = str(value)
        member.label = value.label if isinstance(value, _Option) else str(value)
        return member
