"""Words for outside, looked over against all that this desk knows.

Guarantees: masked values are read here and never leave: the answer holds places in the text and what sort of thing
stands there. Nothing is recorded, because nothing was shown. What is known is gathered once, brought up to date with
every look, and forgotten with the desk when it locks.

Gathering takes some seconds where 100,000 people are known; each look after that a few milliseconds.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final
from weakref import WeakKeyDictionary

from waystation.errors import BadInput, Problem
from waystation.ids import FolderId, FolderType, RecordId
from waystation.limits import SAFE_TEXT_CHARS_MAX
from waystation.office.desk import Desk
from waystation.records import REGISTRY
from waystation.records.labels import N_
from waystation.roles import Action, allowed
from waystation.safetext import Category, Known
from waystation.safetext import Finding as Finding

Add = Callable[[Known, str], None]

_STAFF: Final = partial(Known.add_name, category=Category.STAFF)

LOOKED_FOR: Final[Mapping[str, Mapping[str, tuple[Add, ...]]]] = {
    "person": {
        **dict.fromkeys(("given_name", "patronymic", "family_name", "other_names"), (Known.add_name,)),
        "home": (Known.add_address,),
    },
    "identity_document": {"number": (Known.add_document,)},
    "contact_channel": {"handle": (Known.add_contact,)},
    "conversation": {"wrote_as": (Known.add_name, Known.add_contact)},
    "told": {"name": (Known.add_name,)},
    "task_slip": {"meeting_point": (Known.add_address,), "shown_as": (Known.add_code_name,)},
    "case": {"code_name": (Known.add_code_name,)},
    "request": {"code_name": (Known.add_code_name,)},
    "place": {
        "code_name": (Known.add_code_name,),
        "address": (Known.add_address,),
        "region": (Known.add_place,),
        "keeper": (Known.add_name,),
        "keeper_contact": (Known.add_contact,),
    },
    "application": {"reference": (Known.add_document,)},
    "journey": {"meeting": (Known.add_address,)},
    "leg": {"booking": (Known.add_document,)},
    "source": {"spoken_to": (Known.add_name, Known.add_contact)},
    "donation": {"donor": (Known.add_name,), "reference": (Known.add_document,)},
    "expense": {"payee": (Known.add_name,)},
    "partner": {"contact": (Known.add_contact,)},
    "helper": {"code_name": (Known.add_code_name,), "name": (Known.add_name,), "contact": (Known.add_contact,)},
    "member": {"display_name": (_STAFF,)},
}
"""Kind → field → how it is looked for."""

PASSED_OVER: Final = frozenset(
    (("check_in", "agreed_words"), ("file", "name"), ("task_slip", "phrase"), ("task_slip", "answer"))
)
"""Masked words that are ordinary ones; looking for them would warn of every sentence."""

TOO_LONG: Final = Problem(
    "too_long", N_("At most %(max_chars)s characters are looked over at once."), {"max_chars": SAFE_TEXT_CHARS_MAX}
)


class _KnownHere:
    """What this desk knows, and how far in the log it was read."""

    def __init__(self, desk: Desk) -> None:
        self._reader = desk.reader
        self._reached = -1
        self.known = Known(desk.terms)

    def update(self) -> None:
        """Reads what changed since the last time. What was known once is looked for until the desk locks."""
        (end,) = self._reader.rows("SELECT coalesce(max(position), 0) FROM history")[0]
        if end == self._reached:
            return
        changed = "" if self._reached < 0 else " WHERE folder IN (SELECT folder FROM history WHERE position > ?)"
        values = () if self._reached < 0 else (self._reached,)
        for kind, fields in LOOKED_FOR.items():
            if kind not in REGISTRY:
                continue
            query = f"SELECT {', '.join(fields)} FROM k_{kind}{changed}"  # noqa: S608 -- fixed text
            adders = tuple(fields.values())
            for row in self._reader.each(query, *values):
                for text, adds in zip(row, adders, strict=True):
                    if text:
                        for add in adds:
                            add(self.known, text)
        self._reached = end


_known_here: Final[WeakKeyDictionary[Desk, _KnownHere]] = WeakKeyDictionary()


def look_over(desk: Desk, text: str) -> tuple[Finding, ...]:
    """What should not leave with a text: where it stands, and what sort of thing it is.

    Raises: BadInput, if the text is longer than is looked over at once; Refused, for whoever may not read cases: the
        answer would tell them which names are in the book.
    """
    desk.require(Action.READ, FolderType.CASE, on_team=True)
    if len(text) > SAFE_TEXT_CHARS_MAX:
        raise BadInput({"text": TOO_LONG})
    known = _known_here.get(desk)
    if known is None:
        known = _known_here[desk] = _KnownHere(desk)
    known.update()
    return known.known.look(text)


def may_look_over(desk: Desk) -> bool:
    """Whether `look_over` would answer; only for choosing what a page offers."""
    return allowed(desk.roles, Action.READ, FolderType.CASE, on_team=True)


def words_of(desk: Desk, folder: FolderId, kind: str, record: bytes) -> str:
    """What a record says that somebody may want to pass on; nothing masked. Empty if it says nothing.

    Raises: Refused, if this member may not read there.
    """
    found = desk.tables.shown(folder, kind, RecordId(record)) or {}
    spec = REGISTRY[kind]
    texts = (str(found[name]) for name in _SAID.get(kind, ()) if name in found and not spec.fields[name].is_masked)
    return "\n\n".join(texts)


_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "note": ("body",),
    "conversation": ("body",),
    "case": ("summary",),
    "request": ("story",),
    "follow_up": ("findings",),
    "told": ("what",),
    "claim": ("statement",),
}
"""Kinds whose words are passed on, and the fields that hold them."""
