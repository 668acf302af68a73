"""Facts that do not fit together, in words: what each desk wrote, who, when, and what settles it.

Guarantees: a code name is said only to those who may look at such folders; every act says what will happen. The page of
a place, a case or a request shows what is about it; the page of all shows everything.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from starlette.requests import Request

from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of
from waystation.ids import FolderType, to_text
from waystation.office.desk import Desk
from waystation.office.reading import may_look
from waystation.records.labels import N_
from waystation.records.values import Day, Moment
from waystation.views.contradictions import Contradiction, Side, Written

LISTED: Final = 30
"""So many sides of one contradiction are listed."""

ROOTS: Final = {FolderType.CASE: "cases", FolderType.REQUEST: "requests", FolderType.PLACE: "places"}

_STRIKE: Final = N_("Strike it out…")


class Act(NamedTuple):
    """Something that settles it: a page that asks, or, with `post`, a button that does it."""

    text: str
    url: str
    post: bool = False


class ClashLine(NamedTuple):
    """One of the facts: what it says, who wrote it when, and what can be done about it alone."""

    text: str
    small: str
    url: str
    acts: tuple[Act, ...]


class Clash(NamedTuple):
    """A contradiction in words."""

    title: str
    text: str
    lines: tuple[ClashLine, ...]
    more: int
    acts: tuple[Act, ...]


def told(request: Request, found: Iterable[Contradiction], back: str = "") -> list[Clash]:
    """Contradictions in words.

    Args:
        back: what is appended to the address of a button, so that it leads back to a list.
    """
    desk = desk_of(request)
    return [_Telling(request, desk, one, back).clash() for one in found if may_look(desk, one.folder_type)]


def author(teller: Teller, entry: Written, who: str) -> str:
    """Who wrote an entry, at which of their desks, and when."""
    return " · ".join(filter(None, (teller.at_desk(who, entry.desk), teller.moment(Moment(entry.at_ms, entry.zone)))))


class _Telling:
    """Puts one contradiction into words."""

    def __init__(self, request: Request, desk: Desk, one: Contradiction, back: str) -> None:
        self._one = one
        self._teller = Teller(request, desk, one.folder)
        self._ = self._teller.language.gettext
        self._sees_cases = may_look(desk, FolderType.CASE)
        self._back = back
        self._path = f"{ROOTS[one.folder_type]}/{to_text(one.folder)}"

    def clash(self) -> Clash:
        """The whole of it."""
        one = self._one
        match one.what:
            case "beds":
                return self._beds()
            case "two_places":
                return self._two_stays()
            case "filed_twice":
                return self._filed_twice()
            case "after_closing":
                return self._after_closing()
            case _:
                return self._two_cases()

    def _made(self, title: str, text: str, lines: Sequence[ClashLine], *acts: Act) -> Clash:
        shown = tuple(lines[:LISTED])
        return Clash(title, text, shown, len(lines) - len(shown), acts)

    def _beds(self) -> Clash:
        _, one, teller = self._, self._one, self._teller
        days = teller.day(Day(one.nights[0].day, one.nights[-1].day))
        most = max(one.nights, key=lambda night: night.taken)
        counted = _("%(days)s: %(people)s people, and beds for %(beds)s", days=days, people=most.taken, beds=most.beds)
        text = _("They were sent there at two desks that did not know of each other. Find another bed for one of them.")
        right = self._act(N_("They all come, it is right so"), f"{self._path}/beds-are-right", post=True)
        place = self._act(N_("Look at the place"), self._path)
        title = _("More people than beds at %(place)s", place=one.code_name)
        return self._made(title, f"{counted}. {text}", [self._stay(side) for side in one.sides], place, right)

    def _stay(self, side: Side) -> ClashLine:
        _, record = self._, self._record(side)
        who = side.code_name if self._sees_cases else _("a case")
        name = _("%(name)s: %(nights)s", name=who, nights=self._nights(side))
        acts = (self._act(N_("Move them"), f"{record}/edit"), self._act(N_("They leave"), f"{record}/leave"))
        return self._line(side, name, record, acts if self._sees_cases else ())

    def _nights(self, side: Side) -> str:
        _, fields, day = self._, side.shown.fields if side.shown else {}, self._teller.day
        begins, ends = fields.get("begins"), fields.get("ends")
        if not isinstance(ends, Day):
            return _("from %(day)s", day=day(begins if isinstance(begins, Day) else None))
        return _("from %(first)s to %(last)s", first=day(begins if isinstance(begins, Day) else None), last=day(ends))

    def _two_stays(self) -> Clash:
        _ = self._
        lines = []
        for side in self._one.sides:
            place = self._teller.of(side.shown, "place") if side.shown else ""
            name = _("Stay at %(place)s", place=place) + f", {self._nights(side)}"
            record = self._record(side)
            acts = (self._act(N_("They leave"), f"{record}/leave"), self._act(_STRIKE, f"{record}/strike"))
            lines.append(self._line(side, name, record, acts))
        text = _(
            "Two desks that did not know of each other wrote these down. Say where they are, and strike the other stay "
            "out."
        )
        return self._made(_("%(name)s: in two places on the same nights", name=self._one.code_name), text, lines)

    def _filed_twice(self) -> Clash:
        _ = self._
        lines = []
        for side in self._one.sides:
            record = self._record(side)
            name = self._teller.about(side.shown) if side.shown else ""
            lines.append(self._line(side, name, record, (self._act(_STRIKE, f"{record}/strike"),)))
        text = _(
            "Two desks that did not know of each other wrote these down, and both wait for a decision. If it was filed "
            "once, strike the other out. If it was filed twice, withdraw one."
        )
        return self._made(_("%(name)s: filed twice by the same route", name=self._one.code_name), text, lines)

    def _after_closing(self) -> Clash:
        _ = self._
        lines = []
        for side in self._one.sides:
            if side.shown is not None:
                reason = self._teller.of(side.shown, "reason")
                lines.append(self._line(side, _("Closed: %(reason)s", reason=reason), self._record(side), ()))
            else:
                kinds = ", ".join(self._teller.kind_label(kind) for kind in side.kinds)
                lines.append(self._line(side, _("Written meanwhile: %(what)s", what=kinds), f"{self._path}#happened"))
        text = _("Neither knew of the other. Look at what was written, and say whether the case stays closed.")
        again = self._act(N_("Open the case again"), f"{self._path}/reopen")
        stays = self._act(N_("It stays closed"), f"{self._path}/stays-closed", post=True)
        title = _("%(name)s was closed while somebody went on with it", name=self._one.code_name)
        return self._made(title, text, lines, again, stays)

    def _two_cases(self) -> Clash:
        _ = self._
        lines = [
            self._line(side, side.code_name if self._sees_cases else _("a case"), f"cases/{to_text(side.folder)}")
            for side in self._one.sides
        ]
        text = _("Two desks accepted it without knowing of each other. Go on with one case; the other is struck out.")
        choose = self._act(N_("Choose the one to go on with…"), f"{self._path}/one-case")
        return self._made(_("%(name)s became two cases", name=self._one.code_name), text, lines, choose)

    def _line(self, side: Side, text: str, path: str, acts: tuple[Act, ...] = ()) -> ClashLine:
        hidden = side.folder_type is FolderType.CASE and not self._sees_cases
        return ClashLine(
            text, author(self._teller, side.written, side.who), "" if hidden else self._teller.address(path), acts
        )

    def _record(self, side: Side) -> str:
        kind, record = (side.shown.kind, side.shown.ref) if side.shown else ("", "")
        return f"{ROOTS[side.folder_type]}/{to_text(side.folder)}/{kind}/{record}"

    def _act(self, text: str, path: str, *, post: bool = False) -> Act:
        return Act(self._(text), self._teller.address(path + (self._back if post else "")), post)
