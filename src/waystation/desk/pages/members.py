"""Members and their desks: who waits to be admitted, inviting, roles, removing, and how far the folders have followed.

Guarantees: nobody is admitted before both have been asked whether the words are the same; what a removal protects, and
what it cannot, is said before it is done.
"""

from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.telling import Teller
from waystation.desk.papers import qr_image
from waystation.desk.web import desk_of, form_of, handler, messages, redirect, render, words
from waystation.errors import BadInput, JoinError, Problem
from waystation.ids import DeskId, FolderType, MemberId, from_text, to_text
from waystation.office import access, inviting, membership
from waystation.office.desk import Desk
from waystation.office.inviting import Invited, Stage
from waystation.office.membership import DeskOf
from waystation.office.reading import look
from waystation.records.choices import Role
from waystation.records.labels import N_
from waystation.records.values import Many, Moment
from waystation.views import shown

PARCEL_BYTES: Final = 32
_STRETCH: Final = 200
"""So many folders one request opens anew; other pages wait meanwhile."""

ROLES: Final = {
    Role.COORDINATOR.value: N_("Reads every case, and decides who belongs to the organisation."),
    Role.CASEWORKER.value: N_("Takes down requests, and reads the cases on whose team they are."),
    Role.DOCUMENTER.value: N_("Reads and writes the incidents on whose team they are, and no case."),
    Role.FINANCE.value: N_("Reads and writes the money, and no case."),
    Role.SPOKESPERSON.value: N_("Reads figures and sources, and no case."),
}
"""What each role lets somebody read, in a sentence."""

STAGES: Final = {
    Stage.NEW: N_("The relay hears of it at the next exchange. Send it meanwhile."),
    Stage.WAITING: N_("Nobody has used it yet."),
    Stage.ASKED: N_("A new desk asks to be admitted."),
    Stage.BAD: N_("What came with it is no sound request. Take it back, and invite again."),
    Stage.ADMITTED: N_("Admitted. The new desk hears of it at the next exchange."),
    Stage.EXPIRED: N_("It has expired."),
}


class Row(NamedTuple):
    """A member as the page lists them."""

    member: str
    name: str
    roles: str
    is_me: bool
    desks: tuple[DeskOf, ...]


def show(request: Request) -> Response:
    """Who belongs to the organisation."""
    return _show(request, {})


def invite(request: Request) -> Response:
    """Makes an invitation, and shows it."""
    form = form_of(request)
    desk = desk_of(request)
    member = MemberId(from_text(form.text("member"))) if form.text("member") else None
    try:
        days = int(form.text("days")) if form.text("days").isascii() and form.text("days").isdigit() else 0
        made = inviting.invite(desk, form.values.get("roles", []), form.text("display_name"), days, member)
    except BadInput as bad:
        return _show(request, messages(request, bad))
    except JoinError as error:
        return _show(request, {"": words(request).error(error)})
    return redirect(request, f"organisation/members/invited/{made.parcel.hex()}", undo=False)


def invited(request: Request) -> Response:
    """One invitation: its text and its code, or the words of whoever asks with it."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    one = _invited(request)
    if one is None:
        return redirect(request, "organisation/members")
    _listen(desk, [one])
    teller = Teller(request, desk)
    _ = teller.language.gettext
    asks = one.stage is Stage.ASKED
    return render(
        request,
        "member_invited.html",
        page="organisation",
        title=_("Compare these words") if asks else _("An invitation"),
        one=one,
        path=f"organisation/members/invited/{one.parcel.hex()}",
        roles=teller.text("member", "roles", Many.of(one.roles)),
        expires=teller.moment(Moment(one.expires_ms, desk.zone())),
        stage=_(STAGES[one.stage]),
        qr=qr_image(one.text) if one.stage in (Stage.NEW, Stage.WAITING) else "",
    )


def admit(request: Request) -> Response:
    """Admits whoever asks."""
    desk, one = desk_of(request), _invited(request)
    if one is None:
        return redirect(request, "organisation/members")
    try:
        inviting.admit(desk, one.parcel)
    except JoinError as error:
        return redirect(request, "organisation/members", ("attention", words(request).error(error)), undo=False)
    told = words(request).gettext("Admitted. Their desk hears of it at the next exchange with the relay.")
    return redirect(request, "organisation/members", ("done", told), undo=False)


def decline(request: Request) -> Response:
    """Takes an invitation back."""
    one = _invited(request)
    if one is not None:
        try:
            inviting.decline(desk_of(request), one.parcel)
        except JoinError as error:
            return redirect(request, "organisation/members", ("attention", words(request).error(error)), undo=False)
    told = words(request).gettext("The invitation is taken back. Nobody comes in with it any more.")
    return redirect(request, "organisation/members", ("done", told), undo=False)


def roles_form(request: Request) -> Response:
    """A member's roles."""
    return _roles(request, {})


def roles(request: Request) -> Response:
    """Gives a member other roles."""
    try:
        membership.change_roles(desk_of(request), _member(request), form_of(request).values.get("roles", []))
    except BadInput as bad:
        return _roles(request, messages(request, bad))
    told = words(request).gettext("The roles are changed. What they can read follows now.")
    return redirect(request, "organisation/members", ("done", told), undo=False)


def remove_form(request: Request) -> Response:
    """What removing a member means, before it is done."""
    return _remove(request, {})


def remove(request: Request) -> Response:
    """Removes a member, once their name was typed."""
    desk, member = desk_of(request), _member(request)
    if not _same(form_of(request).text("typed_back"), shown.name(desk.reader, "member", member)):
        return _remove(request, messages(request, _NOT_THE_SAME))
    membership.remove_member(desk, member)
    told = words(request).gettext("Removed. The folders that they could read are opened anew now, without them.")
    return redirect(request, "organisation/members", ("done", told), undo=False)


def remove_desk_form(request: Request) -> Response:
    """What removing a desk means, before it is done."""
    desk = desk_of(request)
    of = DeskId(from_text(request.path_params["desk"]))
    if of != desk.book.desk:
        desk.require(*_ADMIT)
    listed = desk.book.roster.desks.get(of)
    if listed is None or not listed.active:
        return redirect(request, "organisation/members")
    teller = Teller(request, desk)
    found = next(one for one in membership.desks_of(desk, listed.member) if one.desk == of)
    return render(
        request,
        "member_desk.html",
        page="organisation",
        title=teller.language.gettext("A desk"),
        name=shown.name(desk.reader, "member", listed.member),
        one=found,
        ref=to_text(of),
    )


def remove_desk(request: Request) -> Response:
    """Removes one desk."""
    membership.remove_desk(desk_of(request), DeskId(from_text(request.path_params["desk"])))
    told = words(request).gettext("The desk is removed. The folders that it could read are opened anew, without it.")
    return redirect(request, "organisation/members", ("done", told), undo=False)


def name_desk(request: Request) -> Response:
    """Writes down which computer a desk is."""
    desk, of = desk_of(request), DeskId(from_text(request.path_params["desk"]))
    membership.name_computer(desk, of, form_of(request).text("computer"))
    return redirect(request, "organisation/members", ("done", words(request).gettext("Written down.")))


def reopen(request: Request) -> Response:
    """Opens some of the folders anew that somebody can still read who should not any more."""
    desk = desk_of(request)
    desk.require(*_ADMIT)
    access.tend(desk, _STRETCH, eager=True)
    return redirect(request, "organisation/members", undo=False)


_ADMIT: Final = membership.ADMITTING
_NOT_THE_SAME: Final = BadInput(
    {"typed_back": Problem("not_the_same", N_("That is not their name. Nobody was removed."))}
)


def _show(request: Request, errors: dict[str, str]) -> Response:
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    teller, form = Teller(request, desk), form_of(request)
    may = membership.may_admit(desk)
    pending = inviting.pending(desk) if may else []
    _listen(desk, pending)
    return render(
        request,
        "members.html",
        page="organisation",
        title=teller.language.gettext("Members and desks"),
        errors=errors,
        may=may,
        rows=[_row(teller, member) for member in _members(desk)],
        asking=[one for one in pending if one.stage is Stage.ASKED],
        pending=[(one, teller.language.gettext(STAGES[one.stage])) for one in pending if one.stage is not Stage.ASKED],
        has_relay=bool(desk.book.store.meta("relay")),
        left=membership.left_to_open(desk) if may and len(desk.book.roster.desks) > 1 else 0,
        roles=_choices(teller),
        typed={"display_name": form.text("display_name"), "roles": form.values.get("roles", [])},
        days=inviting.INVITED_DAYS,
        days_max=inviting.INVITED_DAYS_MAX,
        moment=lambda ms: teller.moment(Moment(ms, desk.zone())),
        status_code=422 if errors else 200,
    )


def _listen(desk: Desk, pending: list[Invited]) -> None:
    """Has the relay asked soon whether somebody used an invitation: whoever looks here waits for that."""
    if any(one.stage in (Stage.NEW, Stage.WAITING) for one in pending):
        desk.nudge()


def _members(desk: Desk) -> list[MemberId]:
    """The members on the roster, by name."""
    return sorted(desk.book.roster.members, key=lambda one: (shown.name(desk.reader, "member", one), one))


def _row(teller: Teller, member: MemberId) -> Row:
    desk = teller.desk
    roles_now = Many.of(sorted(desk.book.roster.roles(member)))
    name = shown.name(desk.reader, "member", member) or teller.language.gettext("Without a name yet")
    said = teller.text("member", "roles", roles_now)
    return Row(to_text(member), name, said, member == desk.member, membership.desks_of(desk, member))


def _choices(teller: Teller) -> list[tuple[str, str, str]]:
    """Each role: its value, its name, and what it lets somebody read."""
    return [
        (role, teller.text("member", "roles", Many.of([role])), teller.language.gettext(reads))
        for role, reads in ROLES.items()
    ]


def _member(request: Request) -> MemberId:
    member = MemberId(from_text(request.path_params["member"]))
    desk_of(request).require(*_ADMIT)
    if member not in desk_of(request).book.roster.members:
        raise BadInput({"": Problem("bad_id", N_("That is no member of this organisation any more."))})
    return member


def _invited(request: Request) -> Invited | None:
    desk = desk_of(request)
    desk.require(*_ADMIT)
    return next((one for one in inviting.pending(desk) if one.parcel.hex() == request.path_params["parcel"]), None)


def _roles(request: Request, errors: dict[str, str]) -> Response:
    desk, member = desk_of(request), _member(request)
    teller = Teller(request, desk)
    return render(
        request,
        "member_roles.html",
        page="organisation",
        title=teller.language.gettext("Roles of %(name)s", name=shown.name(desk.reader, "member", member)),
        errors=errors,
        ref=to_text(member),
        chosen=desk.book.roster.roles(member),
        roles=_choices(teller),
        status_code=422 if errors else 200,
    )


def _remove(request: Request, errors: dict[str, str]) -> Response:
    desk, member = desk_of(request), _member(request)
    language = words(request)
    name = shown.name(desk.reader, "member", member)
    return render(
        request,
        "member_remove.html",
        page="organisation",
        title=language.gettext("Remove %(name)s", name=name),
        errors=errors,
        ref=to_text(member),
        name=name,
        desks=membership.desks_of(desk, member),
        status_code=422 if errors else 200,
    )


def _same(typed: str, name: str) -> bool:
    return bool(name) and typed.split() == name.split()


routes = [
    Route("/organisation/members", handler(show)),
    Route("/organisation/members/invite", handler(invite), methods=["POST"]),
    Route("/organisation/members/reopen", handler(reopen), methods=["POST"]),
    Route("/organisation/members/invited/{parcel}", handler(invited)),
    Route("/organisation/members/invited/{parcel}/admit", handler(admit), methods=["POST"]),
    Route("/organisation/members/invited/{parcel}/decline", handler(decline), methods=["POST"]),
    Route("/organisation/members/desk/{desk}", handler(remove_desk_form)),
    Route("/organisation/members/desk/{desk}", handler(remove_desk), methods=["POST"]),
    Route("/organisation/members/desk/{desk}/name", handler(name_desk), methods=["POST"]),
    Route("/organisation/members/{member}/roles", handler(roles_form)),
    Route("/organisation/members/{member}/roles", handler(roles), methods=["POST"]),
    Route("/organisation/members/{member}/remove", handler(remove_form)),
    Route("/organisation/members/{member}/remove", handler(remove), methods=["POST"]),
]
