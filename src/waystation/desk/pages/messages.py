"""Messages in: what was pasted or dropped is recognised, looked at, and becomes a request or goes into an open one.

Guarantees: what was pasted is in the form or in its draft until it is saved; files wait in memory only, for half an
hour, and are forgotten when the desk locks. Nothing is saved before a person has seen what was understood; then
one press saves all of it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages import files
from waystation.desk.pages.acts import name_of
from waystation.desk.pages.records import Where, in_folders, this_minute, where_of
from waystation.desk.pages.request import parts_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import (
    Form,
    desk_of,
    form_address,
    form_of,
    handler,
    redirect,
    render,
    session_of,
    words,
    worth_keeping,
)
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import FolderType, to_text
from waystation.office import drafts, intake, messages
from waystation.office.attachments import Attachment
from waystation.office.desk import Desk
from waystation.office.messages import Parcel, Taken, Voices
from waystation.office.reading import may_open
from waystation.records import REGISTRY, Value
from waystation.records.labels import N_
from waystation.views.shown import name as name_here

_ROOTS: Final[Mapping[FolderType, str]] = {FolderType.CASE: "cases", FolderType.REQUEST: "requests"}

_GONE: Final = Problem(
    "files_gone",
    N_(
        "The files that you chose are no longer in memory: the desk was locked, or half an hour has passed. "
        "Choose them again."
    ),
)

_FOLLOWS: Final = frozenset(("story", "language", "contact.handle", "contact.type", "channel", "received"))
"""Inputs that were filled in from what was understood; when that is read anew, so are they."""

SAMPLE_LINES: Final = 3
SAMPLE_CHARS: Final = 300


def begin(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page on which messages are pasted; with a draft, it stands as it was."""
    where = _where(request)
    _check_may(request, where)
    if form is None and "draft" in request.query_params:
        found = drafts.find(desk_of(request), form_address(request, Form((("form_address", _path(request, where)),))))
        form = Form(found.inputs) if found else None
        if form is not None and form.text("looked"):
            return _look(request, where, form)
    teller = Teller(request, desk_of(request))
    return render(
        request,
        "messages_form.html",
        page=where.page if where else "requests",
        title=teller.language.gettext("Put messages in"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        folder_name=name_of(request, where) if where else "",
        pasted=form.text("pasted") if form else "",
        errors=teller.problems(bad),
    )


def take(request: Request) -> Response:
    """Looks at what came; or, when it was looked at, saves it."""
    where, form = _where(request), form_of(request)
    _check_may(request, where)
    return _save(request, where, form) if form.text("do") in ("request", "into") else _look(request, where, form)


def _look(request: Request, where: Where | None, form: Form, bad: BadInput | None = None) -> Response:
    """The page that shows what was understood, and offers what can be done with it."""
    desk = desk_of(request)
    teller = Teller(request, desk)
    try:
        form, files_here = _with_files(desk, form)
    except BadInput as problem:
        if not form.text("looked"):
            return begin(request, form, problem)
        # What was filled in below stays; only the files have to be chosen again.
        form, bad, files_here = replace(form, inputs=_without(form, "tray"), files=()), problem, ()
    try:
        parcel = messages.unpack(desk, form.text("pasted"), files_here, _day_first(form))
    except BadInput as problem:
        return begin(request, form, problem)
    ours = _ours(form, parcel)
    form = _anew(form, parcel, ours)
    if worth_keeping(form):
        # A draft now, not two seconds after the next key: what was pasted must outlive a lock at this very moment.
        session_of(request).keep(form_address(request, form), [*form.inputs, ("looked", "1")])
    return render(
        request,
        "messages_look.html",
        page=where.page if where else "requests",
        title=teller.language.gettext("Is this what was written?"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        t=teller,
        folder_name=name_of(request, where) if where else "",
        may_take_down=where is None and may_open(desk, FolderType.REQUEST),
        pasted=form.text("pasted"),
        tray=form.text("tray"),
        into=form.text("into"),
        names=() if where else messages.open_names(desk),
        parcel=parcel,
        ours=ours,
        understood=_understood(parcel, ours),
        seen=_seen(teller, parcel),
        values=_values(desk, teller, parcel, ours),
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "request", {"person.": "person", "contact.": "contact_channel"}),
    )


def _save(request: Request, where: Where | None, form: Form) -> Response:
    """Saves everything in one press."""
    desk, language = desk_of(request), words(request)
    voices = Voices(language.gettext("them"), language.gettext("us"))
    try:
        form, files_here = _with_files(desk, form)
        parcel = messages.unpack(desk, form.text("pasted"), files_here, _day_first(form))
        ours = _ours(form, parcel)
        if where is None and form.text("do") == "request":
            fields, parts = form.fields(REGISTRY["request"], desk), parts_of(desk, form)
            taken = messages.take_down(desk, parcel, ours, fields, parts, voices)
            root, done = "requests", language.gettext("The request is taken down, with what was written.")
        else:
            taken, root = _written_into(desk, where, form, parcel, ours, voices)
            done = language.gettext("The messages are in the book.")
        desk.save_all(taken.saves, taken.sealed)
    except BadInput as bad:
        return _look(request, where, form, bad)
    desk.tray.drop(form.text("tray"))
    level = "done"
    if any(one.is_telling for one in taken.put):
        level, told = files.told(language, [one for one in taken.put if one.is_telling])
        done = f"{done} {told}"
    return redirect(request, f"{root}/{to_text(taken.folder)}", (level, done))


def _written_into(
    desk: Desk, where: Where | None, form: Form, parcel: Parcel, ours: frozenset[int], voices: Voices
) -> tuple[Taken, str]:
    if where is not None:
        folder, folder_type = where.folder, where.folder_type
    else:
        if not form.text("into").strip():
            raise BadInput({"into": Problem("required", N_("Type the code name of the case or the request."))})
        folder, folder_type = messages.find_folder(desk, form.text("into"))
    return messages.write_into(desk, folder, parcel, ours, voices), _ROOTS[folder_type]


def _with_files(desk: Desk, form: Form) -> tuple[Form, tuple[Attachment, ...]]:
    """The form, with its files in the tray; and all files that belong to it.

    Raises: BadInput, if the tray is full, or what was in it is gone.
    """
    key = form.text("tray")
    waiting = desk.tray.get(key) if key else ()
    if waiting is None:
        raise BadInput({"file": _GONE})
    fresh = tuple(Attachment(one.name, one.media_type, one.content) for one in form.files)
    together = (*waiting, *fresh)
    if not fresh:
        return form, together
    desk.tray.drop(key)
    inputs = (*_without(form, "tray"), ("tray", desk.tray.put(together)))
    return replace(form, inputs=inputs, files=()), together


def _without(form: Form, name: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in form.inputs if pair[0] != name)


def _day_first(form: Form) -> bool | None:
    return {"day": True, "month": False}.get(form.text("order"))


def _ours(form: Form, parcel: Parcel) -> frozenset[int]:
    """Who is one of us, as it was said; as it was guessed, of whom nothing was said."""
    said = {n: form.text(f"voice.{n}") for n in range(len(parcel.people))}
    return frozenset(n for n, who in said.items() if who == "us" or (not who and n in parcel.ours))


def _understood(parcel: Parcel, ours: frozenset[int]) -> str:
    """Names how the messages were read, so that a form notices when they are read anew."""
    return f"{parcel.count}.{len(parcel.files)}.{int(parcel.day_first)}.{'-'.join(map(str, sorted(ours)))}"


def _anew(form: Form, parcel: Parcel, ours: frozenset[int]) -> Form:
    """The form as it is; without what followed from another reading, where somebody asked to read it again."""
    if form.text("do") != "look" or form.text("understood") in ("", _understood(parcel, ours)):
        return form
    kept = [pair for pair in form.inputs if pair[0] not in _FOLLOWS and pair[0].removeprefix("seen.") not in _FOLLOWS]
    return replace(form, inputs=tuple(kept))


def _values(desk: Desk, teller: Teller, parcel: Parcel, ours: frozenset[int]) -> dict[str, Any]:
    """What the request's form begins with."""
    asker = parcel.asker(ours)
    channel = parcel.channel()
    moments = parcel.moments
    language = parcel.language(ours)
    fields: dict[str, Value | None] = {
        "received": moments[0] if moments else this_minute(desk),
        "story": parcel.story(ours) or None,
        "language": language,
        "channel": channel[0] if channel else None,
        "people": 1,
        "code_name": intake.propose_code_name(desk, str(language or teller.language.code)),
    }
    handle = parcel.handles.get(asker, "") if asker is not None else ""
    name = parcel.people[asker] if asker is not None else ""
    return {
        **teller.inputs("request", fields),
        "contact.type": str(channel[1]) if channel else "",
        "contact.handle": handle,
        "person.other_names": "" if name == handle else name,
    }


def _seen(teller: Teller, parcel: Parcel) -> dict[str, Any]:
    """What was understood, in words for the page."""
    moments = parcel.moments
    return {
        "channels": list(dict.fromkeys(teller.text("contact_channel", "type", talk.channel) for talk in parcel.talks)),
        "first": teller.moment(moments[0]) if moments else "",
        "last": teller.moment(moments[1]) if moments else "",
        "sample": [
            {
                "voice": line.voice,
                "at": teller.moment(line.at) if line.at else "",
                "text": line.text[:SAMPLE_CHARS] + ("…" if len(line.text) > SAMPLE_CHARS else ""),
            }
            for talk in parcel.talks[:3]
            for line in talk.lines[:SAMPLE_LINES]
        ],
        "files": [
            {"name": one.name, "kib": (len(one.content) + 1023) // 1024, "media_type": one.media_type}
            for one in parcel.files
            if one.name != messages.PASTED
        ],
    }


def _where(request: Request) -> Where | None:
    """The folder that the messages go into, where the address names one."""
    return where_of(request) if "folder" in request.path_params else None


def _check_may(request: Request, where: Where | None) -> None:
    desk = desk_of(request)
    if where is None and not may_open(desk, FolderType.REQUEST):
        raise Refused("Your role does not take messages in. Ask a caseworker or a coordinator.")
    if where is not None and not name_here(desk.reader, where.folder_type.value, where.folder):
        raise Refused("There is no such record at this desk, or it was erased. Go back to the list.")


def _path(request: Request, where: Where | None) -> str:
    root = str(request.scope["root_path"])
    return f"{root}/{where.path}/messages" if where else f"{root}/messages/new"


routes = [
    Route("/messages/new", handler(begin)),
    Route("/messages/new", handler(take), methods=["POST"]),
    *in_folders("/messages", begin, roots=("cases", "requests")),
    *in_folders("/messages", take, ("POST",), roots=("cases", "requests")),
]
