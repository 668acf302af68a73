"""More desks than one: a caseworker joins through the relay, and a partner abroad is handed a case.

Guarantees: everything goes the way that people would take, through the office: a ticket, an invitation, words that are
the same on both screens, a card that was compared, a packet under a recorded consent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from waystation.book import Progress
from waystation.errors import JoinError, RelayError
from waystation.ids import FolderId, MemberId, RecordId
from waystation.office import access, cards, casework, handover, inviting, joining, offers, referrals, syncing
from waystation.office.casework import Part
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import found
from waystation.office.handover import Words
from waystation.office.syncing import Syncing
from waystation.records import Day, Many, Value
from waystation.records.choices import ConsentForm, ConsentScope, Role
from waystation.records.status import Stage
from waystation.vault import Kdf
from waystation.views import shown
from waystation.views.cases import CaseFilter, cases

CALLED: Final = "Harbour Lantern"
"""What both organisations call the case that is handed over; neither one's own name for it."""

_PURPOSE: Final = "Reception on arrival"
_LETTER: Final = "They travel by way of Vilnius. Please say whether you can meet them, and where they would live."
_ROUNDS: Final = 12

Ticket = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Company:
    """Who else is there.

    Args:
        caseworker: their name at work, and their desk. partner: what the partner abroad is called, and their desk.
        referred: code name of the case that the partner was handed.
    """

    caseworker: tuple[str, Desk]
    partner: tuple[str, Desk]
    referred: str


def gather(
    coordinator: Desk,
    homes: tuple[Home, Home],
    system: System,
    passphrase: str,
    relay: tuple[str, str],
    kdf: Kdf | None = None,
    progress: Progress = lambda done, of: None,
) -> Company:
    """Brings the coordinator's desk to a relay, a caseworker's desk beside it, and a partner abroad.

    Args:
        homes: empty folders for the caseworker's desk and the partner's.
        relay: its address, and a ticket for it.
        kdf: as in `founding.found`.
        progress: told how many of the steps are done.
    Raises: WaystationError.
    """
    steps = 4
    progress(0, steps)
    syncing.connect(coordinator, *relay)
    progress(1, steps)
    caseworker = _joined(coordinator, homes[0], system, passphrase, kdf)
    progress(2, steps)
    partner = _partner(coordinator)
    name = shown.name(coordinator.reader, "partner", partner)
    abroad, _ = found(homes[1], name, "Rasa", passphrase, system, kdf)
    progress(3, steps)
    referred = _handed_over(coordinator, abroad, partner)
    _rounds(coordinator, caseworker[1])
    progress(steps, steps)
    return Company(caseworker, (name, abroad), referred)


def _joined(coordinator: Desk, home: Home, system: System, passphrase: str, kdf: Kdf | None) -> tuple[str, Desk]:
    """The caseworker with the most open cases gets a desk, and with it what they work on."""
    roster = coordinator.book.roster
    workers = [member for member, roles in roster.members.items() if Role.CASEWORKER in roles]
    counts = {member: _open_cases(coordinator, member) for member in workers}
    member = max(sorted(counts), key=lambda one: counts[one])
    invited = inviting.invite(coordinator, (), "", member=member)
    _rounds(coordinator)
    waiting = joining.begin(home, invited.text, passphrase, system, kdf)
    waiting.poll()
    _rounds(coordinator)
    asked = next(one for one in inviting.pending(coordinator) if one.parcel == invited.parcel)
    if asked.words != waiting.words:
        raise JoinError("The words on both screens are not the same. Nobody was admitted.")
    inviting.admit(coordinator, invited.parcel)
    while access.tend(coordinator, eager=True):
        pass
    _rounds(coordinator)
    desk = waiting.poll()
    if desk is None:
        raise JoinError("The new desk was admitted and heard nothing of it.")
    _rounds(desk)
    return invited.name, desk


def _open_cases(desk: Desk, member: MemberId) -> int:
    return len(cases(desk.reader, CaseFilter(caseworker=member), limit=100).rows)


def _partner(desk: Desk) -> RecordId:
    """The partner abroad that receives people; else any."""
    rows = desk.reader.rows("SELECT id FROM k_partner WHERE country IS NOT 'RU' ORDER BY record LIMIT 1")
    rows = rows or desk.reader.rows("SELECT id FROM k_partner ORDER BY record LIMIT 1")
    ((partner,),) = rows
    return RecordId(partner)


def _handed_over(ours: Desk, theirs: Desk, partner: RecordId) -> str:
    """Both keep the other's card, and a case for which consent covers a part goes across in a packet."""
    ours.save(cards.keep(ours, cards.own(theirs), partner, compared=True))
    ((our_name,),) = ours.reader.rows("SELECT name FROM k_organisation LIMIT 1")
    theirs.save(cards.keep(theirs, cards.own(ours), our_name, compared=True))
    to = [card.record for card in cards.kept(ours, partner)]
    granted = cases(ours.reader, CaseFilter(stage=Stage.GRANTED)).rows or cases(ours.reader).rows
    row = granted[0]
    _asked(ours, row.folder, partner)
    chosen = _may_leave(ours, row.folder, partner)
    what = ", ".join(offer.label for offer in chosen)
    words = Words(CALLED, _PURPOSE, _LETTER)
    made = handover.refer(ours, row.folder, partner, [offer.key for offer in chosen], words, what, to, heeded=True)
    ours.save_all(made.saves)
    taken = referrals.take_in(theirs, made.content, our_name, compared=True)
    theirs.save_all(taken.saves, taken.sealed)
    return row.code_name


def _asked(desk: Desk, case: FolderId, partner: RecordId) -> None:
    """Everybody in the case is asked, and agrees that this partner may know their story and how to reach them."""
    consent: dict[str, Value | None] = {
        "scope": Many.of([ConsentScope.STORY.value, ConsentScope.CONTACT.value]),
        "partners": Many.of([bytes(partner)]),
        "form": ConsentForm.SPOKEN.value,
        "purpose": _PURPOSE,
        "given": Day(desk.today(), desk.today()),
    }
    people = desk.reader.rows("SELECT id FROM k_person WHERE folder = ? ORDER BY record", case)
    parts = [Part("consent", {**consent, "person": person}) for (person,) in people]
    desk.save(casework.add_all(desk, case, parts))


def _may_leave(desk: Desk, case: FolderId, partner: RecordId) -> list[offers.Offer]:
    found = offers.every_offer(desk, offers.stored_in(desk, case), partner)
    return [offer for offer in found if offer.wanted and offer.why is None]


def _rounds(*desks: Desk) -> None:
    """Lets desks and relay talk until each has heard what the others had to say. Raises: RelayError."""
    for desk in desks * 2:
        for _ in range(_ROUNDS):
            if not Syncing(desk).round():
                break
        else:
            raise RelayError("A desk and its relay do not come to an end.")
