"""What the player remembers of those who ask, so that a later event can go on from an earlier one."""

from dataclasses import dataclass, field
from datetime import date

from waystation.demo.people import Author
from waystation.ids import FolderId, RecordId


@dataclass(slots=True, eq=False)
class Party:
    """The people of one request, and of the case that it becomes: they move together.

    Args:
        number: their place among all who asked, from 1.
        size: how many people.
        people: ids of their persons in the folder that is theirs now; the principal applicant first.
        level: risk level at the last assessment.
        review: day on which the risk is looked at again.
        tasks: those that are not done, each with the moment at which it is due, UTC ms.
        moves: tasks that ask for them to be moved from an exposed place.
        check_in: the one that is planned, and when it is due, UTC ms.
        waiting: applications without a decision.
        destination: country of the last application or journey.
        taken: what they have been through: names of event types, and "checked" once somebody has judged.
    """

    number: int
    author: Author
    region: str
    size: int
    request: FolderId
    people: tuple[RecordId, ...]
    channel: RecordId | None
    case: FolderId | None = None
    caseworker: RecordId | None = None
    level: str = ""
    review: date | None = None
    stay: RecordId | None = None
    house: str = ""
    tasks: dict[RecordId, int] = field(default_factory=dict)
    moves: list[RecordId] = field(default_factory=list)
    check_in: tuple[RecordId, int] | None = None
    waiting: list[RecordId] = field(default_factory=list)
    destination: str = ""
    journey: RecordId | None = None
    legs: tuple[RecordId, ...] = ()
    taken: set[str] = field(default_factory=set)

    @property
    def folder(self) -> FolderId:
        """Where their records are written now."""
        return self.case or self.request

    @property
    def is_request(self) -> bool:
        """Neither accepted nor ended."""
        return self.case is None and not self.taken & {"end", "join"}

    @property
    def is_case(self) -> bool:
        """An open case."""
        return self.case is not None and "close" not in self.taken

    @property
    def is_open(self) -> bool:
        """A request or a case that has not ended."""
        return self.is_case or self.is_request

    @property
    def is_here(self) -> bool:
        """An open case of people who are still in the country."""
        return self.is_case and not self.is_gone

    @property
    def is_gone(self) -> bool:
        """They have left, by whatever way."""
        return bool(self.taken & {"depart", "arrive"})


@dataclass(slots=True)
class House:
    """A place, as the player fills it."""

    folder: FolderId
    region: str
    beds: int
    is_open: bool = True
    taken: int = 0
