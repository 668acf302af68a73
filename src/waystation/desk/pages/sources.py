"""Sources and claims: texts kept as they were, claims marked where they are said, and how many origins they have.

Guarantees: an address that is given is kept and never asked for; what was left out of a text can be seen and put back;
words that were typed, marked or sought never stand in an address.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.telling import Teller, record_of, seen_texts
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import FolderType, RecordId, from_text, to_text
from waystation.office import casework, testimony
from waystation.office.desk import Desk
from waystation.office.reading import look
from waystation.office.tray import Attachment
from waystation.records import REGISTRY, Value
from waystation.records.choices import SourceGrade, SourceType
from waystation.records.labels import N_
from waystation.views import shown as record_views
from waystation.views import sources as views
from waystation.views.shown import Shown
from waystation.views.sources import Filter, Paragraph, SourcePage

_KINDS: Final = ("claim", "source", "citation")
_PREFIXES: Final[Mapping[str, str]] = {f"{kind}.": kind for kind in _KINDS}
_PASTED: Final = "passage.words"
"""The input for a whole text. It is called like a field, so that a draft of it is found again."""

_LEFT_OUT_MAX: Final = 150
_LEFT_OUT_CHARS_MAX: Final = 20_000
"""More lines than these are not listed; they are in the original."""


# ── The list ──


def listed(request: Request) -> Response:
    """All sources, narrowed by what the address names; words are sought by posting them."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    office = desk.folder(FolderType.OFFICE)
    wanted, after = _wanted(request), request.query_params.get("after")
    page = views.sources(desk.reader, office, wanted, after=after)
    return _list_page(request, page.rows, wanted=wanted, after=after, following=page.next)


def sought(request: Request) -> Response:
    """The sources that hold some words."""
    desk, form = desk_of(request), form_of(request)
    look(desk, FolderType.OFFICE)
    typed = form.text("words")[:200]
    rows = views.search(desk.reader, desk.folder(FolderType.OFFICE), typed)
    return _list_page(request, rows, typed=typed)


def _list_page(
    request: Request,
    rows: tuple[views.SourceRow, ...],
    *,
    wanted: Filter | None = None,
    after: str | None = None,
    following: str | None = None,
    typed: str = "",
) -> Response:
    desk = desk_of(request)
    office = desk.folder(FolderType.OFFICE)
    teller = Teller(request, desk)
    return render(
        request,
        "sources.html",
        page="sources",
        title=teller.language.gettext("Sources"),
        rows=rows,
        wanted=wanted or Filter(),
        narrowed=wanted is not None and wanted != Filter(),
        after=after,
        following=following,
        query="&".join(_query(wanted or Filter())),
        typed=typed,
        counts=_counts(desk),
        publishers=[(to_text(record), name) for name, record in views.publishers(desk.reader, office)],
        years=views.years(desk.reader, office),
        t=teller,
        addable=casework.addable(desk, FolderType.OFFICE),
    )


def _wanted(request: Request) -> Filter:
    """Raises: BadInput, if the address names a publisher's source that is no id."""
    asked = request.query_params
    publisher, year = asked.get("publisher", ""), asked.get("year", "")
    return Filter(
        asked.get("type", "") if asked.get("type") in set(SourceType) else "",
        asked.get("grade", "") if asked.get("grade") in set(SourceGrade) else "",
        from_text(publisher) if publisher else b"",
        year if year == "none" or (year.isascii() and year.isdigit()) else "",
    )


def _query(wanted: Filter) -> list[str]:
    named = {
        "type": wanted.type,
        "grade": wanted.grade,
        "publisher": to_text(wanted.publisher) if wanted.publisher else "",
        "year": wanted.year,
    }
    return [f"{name}={value}" for name, value in named.items() if value]


def _counts(desk: Desk) -> dict[str, int]:
    office = desk.folder(FolderType.OFFICE)
    return {
        "sources": views.count(desk.reader, office),
        "claims": sum(views.subjects(desk.reader, office).values()),
    }


# ── Keeping a source ──


def begin(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """Where a text is pasted or dropped."""
    desk = desk_of(request)
    if "source" not in casework.addable(desk, FolderType.OFFICE):
        raise Refused("Your role does not write sources down. Ask a documenter or a coordinator.")
    teller = Teller(request, desk)
    return render(
        request,
        "source_new.html",
        page="sources",
        title=teller.language.gettext("Keep a source"),
        status_code=422 if bad else 200,
        form=form,
        t=teller,
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "source", {"passage.": "passage"}),
    )


def keep(request: Request) -> Response:
    """Keeps what was pasted or dropped, each text as a source of its own, all or none."""
    desk, form = desk_of(request), form_of(request)
    office, _ = desk.folder(FolderType.OFFICE), words(request).gettext
    pasted = form.text(_PASTED)
    try:
        fields = {name: value for name, value in form.fields(REGISTRY["source"], desk).items() if value is not None}
        originals = [Attachment(one.name, one.media_type, one.content) for one in form.files]
        if pasted.strip() and originals:
            raise BadInput({"file": Problem("both", N_("Give one of the two: the files, or the pasted text."))})
        if pasted.strip():
            originals = [Attachment(testimony.PASTED, "text/plain", pasted.encode())]
        if not originals:
            raise BadInput({_PASTED: Problem("required", N_("Paste the text here, or choose a file below."))})
        before = [views.kept_as(desk.reader, office, testimony.fingerprint(one.content)) for one in originals]
        if len(originals) == 1 and before[0] is not None:
            return redirect(
                request,
                f"sources/{to_text(before[0])}",
                ("attention", _("This very text was kept before. Here it is.")),
            )
        kept = [testimony.keep_source(desk, office, fields, one) for one in originals]
    except BadInput as bad:
        if pasted.strip():
            bad = BadInput({_PASTED if name == "file" else name: problem for name, problem in bad.problems.items()})
        return begin(request, form, bad)
    desk.save_all([save for one in kept for save in one.saves], [sealed for one in kept for sealed in one.sealed])
    if len(kept) == 1:
        return redirect(request, f"sources/{to_text(kept[0].source)}/left-out", ("done", _told(request, kept[0])))
    done = words(request).ngettext("%(num)s text is kept.", "%(num)s texts are kept.", len(kept))
    return redirect(request, "sources", ("done", done))


def _told(request: Request, kept: testimony.Kept) -> str:
    language = words(request)
    parts = [language.ngettext("%(num)s paragraph is kept.", "%(num)s paragraphs are kept.", kept.kept)]
    if kept.left_out:
        parts.append(language.ngettext("%(num)s line was left out.", "%(num)s lines were left out.", kept.left_out))
    return " ".join(parts)


def checked(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """What a page proposed of itself, to be corrected, and what was left out of it, to be put back."""
    desk, source = desk_of(request), _source_at(request)
    office = desk.folder(FolderType.OFFICE)
    teller = Teller(request, desk, office)
    left: tuple[testimony.LeftOut, ...] = ()
    unread = False
    try:
        left = testimony.left_out(desk, office, source.record)
    except BadInput:
        # What is read no more was read once; the passages and the original are there all the same.
        unread = True
    return render(
        request,
        "source_check.html",
        page="sources",
        title=teller.language.gettext("Look the source over"),
        status_code=422 if bad else 200,
        form=form,
        t=teller,
        source=source,
        values=teller.inputs("source", source.fields),
        seen=seen_texts(source),
        conflicts=source.conflicts,
        relies_on=_recent(desk, "source", source.fields.get("relies_on"), but=source.ref),
        left=_shown_of(left),
        left_all=len(left),
        unread=unread,
        can_write="source" in casework.addable(desk, FolderType.OFFICE),
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "source"),
    )


def _shown_of(left: Sequence[testimony.LeftOut]) -> list[testimony.LeftOut]:
    """As many lines as one page can bear; the first at any rate."""
    sizes = accumulate(len(line.text) for line in left[:_LEFT_OUT_MAX])
    return [line for line, size in zip(left, sizes, strict=False) if size <= _LEFT_OUT_CHARS_MAX] or list(left[:1])


def _recent(desk: Desk, kind: str, chosen: object = None, *, but: str = "") -> list[tuple[str, str]]:
    """The newest sources or claims to choose from, and the one that is chosen already."""
    found = {to_text(i): text for i, text in views.recent(desk.reader, desk.folder(FolderType.OFFICE), kind)}
    if isinstance(chosen, bytes):
        found.setdefault(to_text(chosen), record_views.name(desk.reader, kind, chosen))
    found.pop(but, None)
    return list(found.items())


def correct(request: Request) -> Response:
    """Keeps the particulars of a source as they were corrected."""
    desk, form, source = desk_of(request), form_of(request), _source_at(request)
    office = desk.folder(FolderType.OFFICE)
    try:
        fields = form.fields(REGISTRY["source"], desk)
        desk.save(casework.amend(desk, office, "source", source.record, fields, form.seen))
    except BadInput as bad:
        if {problem.code for problem in bad.problems.values()} != {"nothing"}:
            return checked(request, form, bad)
    return redirect(request, f"sources/{source.ref}", ("done", words(request).gettext("The particulars are kept.")))


def put_back(request: Request) -> Response:
    """Makes a paragraph of a line that was left out, in its place."""
    desk, source = desk_of(request), _source_at(request)
    given = [int(text) for text in form_of(request).values.get("place", []) if text.isascii() and text.isdigit()]
    desk.save(testimony.put_back(desk, desk.folder(FolderType.OFFICE), source.record, frozenset(given)))
    told = words(request).ngettext(
        "The line is back in its place.", "%(num)s lines are back in their places.", len(given)
    )
    return redirect(request, f"sources/{source.ref}/left-out#left-out", ("done", told))


# ── One source ──


def show(request: Request) -> Response:
    """A source: its text with what is marked in it, and what it rests on."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    office = desk.folder(FolderType.OFFICE)
    page = _page_at(request)
    asked = request.query_params.get("part", "1")
    part = min(int(asked), len(page.parts)) if asked.isascii() and asked.isdigit() and asked != "0" else 1
    teller = Teller(request, desk, office)
    return render(
        request,
        "source.html",
        page="sources",
        title=teller.kind_label(page.shown.kind),
        source=page,
        paragraphs=page.parts[part - 1] if page.parts else (),
        part=max(part, 1),
        t=teller,
        can_write="citation" in casework.addable(desk, FolderType.OFFICE),
    )


def to_passage(request: Request) -> Response:
    """Leads to where a passage stands in its source."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    office = desk.folder(FolderType.OFFICE)
    found = views.passage(desk.reader, office, record_of(str(request.path_params["passage"])))
    page = views.source(desk.reader, office, found[0]) if found else None
    if found is None or page is None:
        raise HTTPException(404)
    return redirect(request, _place_of(page, found[1]))


def _place_of(page: SourcePage, place: int) -> str:
    part = page.part_of(place)
    return f"sources/{page.shown.ref}{f'?part={part}' if part > 1 else ''}#p{place}"


def _page_at(request: Request) -> SourcePage:
    desk = desk_of(request)
    identity = record_of(str(request.path_params["source"]))
    page = views.source(desk.reader, desk.folder(FolderType.OFFICE), identity)
    if page is None:
        raise HTTPException(404)
    return page


def _source_at(request: Request) -> Shown:
    """The source in the address, without its text. Raises: BadInput, Refused; HTTPException, if there is none."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    identity = record_of(str(request.path_params["source"]))
    found = record_views.record(desk.reader, desk.folder(FolderType.OFFICE), "source", identity)
    if found is None:
        raise HTTPException(404)
    return found


# ── Marking a claim ──


def mark_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """Where it is said what marked words claim. The words come by posting, or are copied from the paragraph here."""
    desk = desk_of(request)
    if "citation" not in casework.addable(desk, FolderType.OFFICE):
        raise Refused("Your role does not write sources down. Ask a documenter or a coordinator.")
    office, page = desk.folder(FolderType.OFFICE), _page_at(request)
    paragraph = _paragraph_of(request, page, form)
    teller = Teller(request, desk, office)
    said = form.text("citation.words") if form else ""
    like = views.similar(desk.reader, office, said or paragraph.text)
    begun = testimony.proposed_claim(said) if form is not None and bad is None else {}
    near = {one.ref for one in like}
    return render(
        request,
        "mark.html",
        page="sources",
        title=teller.language.gettext("Mark a claim"),
        status_code=422 if bad else 200,
        form=form,
        t=teller,
        source=page.shown,
        paragraph=paragraph,
        said=said,
        starts=form.text("citation.starts") if form else "",
        begun=teller.inputs("claim", begun),
        like=[(one.ref, teller.about(one)) for one in like],
        others=[one for one in _recent(desk, "claim") if one[0] not in near],
        chosen=form.text("claim") if form else "",
        back=_place_of(page, paragraph.place),
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "claim", _PREFIXES),
    )


def begin_mark(request: Request) -> Response:
    """The form for words that were marked in the text."""
    return mark_page(request, form_of(request))


def mark(request: Request) -> Response:
    """Writes it down: a claim, marked where it is said."""
    desk, form, page = desk_of(request), form_of(request), _page_at(request)
    paragraph = _paragraph_of(request, page, form)
    try:
        claim = _given(desk, form, "claim")
        citation = {n: v for n, v in form.fields(REGISTRY["citation"], desk, "citation.").items() if v is not None}
        if "relation" not in citation:
            raise BadInput({"citation.relation": Problem("required", N_("This is needed."))})
        citation["passage"] = paragraph.record
        save = testimony.testify(desk, page.shown.folder, claim, page.shown.record, citation)
    except BadInput as bad:
        return mark_page(request, form, BadInput(dict(_named(bad, form))))
    desk.save(save)
    return redirect(request, _place_of(page, paragraph.place), ("done", words(request).gettext("The claim is marked.")))


def _named(bad: BadInput, form: Form) -> list[tuple[str, Problem]]:
    """Problems that the office found, under the inputs of this form."""
    named = []
    for name, problem in bad.problems.items():
        kind = next((kind for kind in ("citation", "claim") if f"{kind}.{name}" in form.values), "")
        named.append((f"{kind}.{name}" if kind and "." not in name else name, problem))
    return named


def _paragraph_of(request: Request, page: SourcePage, form: Form | None) -> Paragraph:
    text = (form.text("passage") if form else "") or request.query_params.get("passage", "")
    identity = from_text(text) if text else b""
    found = next((one for one in page.paragraphs if one.record == identity), None)
    if found is None:
        raise HTTPException(404)
    return found


# ── What a source says, without its text ──


def begin_said(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The form on which is written down what a source says."""
    desk = desk_of(request)
    if "claim" not in casework.addable(desk, FolderType.OFFICE):
        raise Refused("Your role does not write sources down. Ask a documenter or a coordinator.")
    teller = Teller(request, desk, desk.folder(FolderType.OFFICE))
    return render(
        request,
        "testify.html",
        page="sources",
        title=teller.language.gettext("What a source says"),
        status_code=422 if bad else 200,
        form=form,
        t=teller,
        claims=_recent(desk, "claim"),
        sources=_recent(desk, "source"),
        relies_on=_recent(desk, "source"),
        chosen={name: form.text(name) if form else "" for name in ("claim", "source")},
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "claim", _PREFIXES),
    )


def testify(request: Request) -> Response:
    """Writes it down: the claim, the source, and the citation that joins them, in one save."""
    desk, form = desk_of(request), form_of(request)
    office = desk.folder(FolderType.OFFICE)
    try:
        claim, source = _given(desk, form, "claim"), _given(desk, form, "source")
        citation = {n: v for n, v in form.fields(REGISTRY["citation"], desk, "citation.").items() if v is not None}
        if "relation" not in citation:
            raise BadInput({"citation.relation": Problem("required", N_("This is needed."))})
        desk.save(testimony.testify(desk, office, claim, source, citation))
    except BadInput as bad:
        return begin_said(request, form, bad)
    return redirect(
        request, "sources/claims", ("done", words(request).gettext("What the source says is written down."))
    )


def _given(desk: Desk, form: Form, kind: str) -> dict[str, Value | None] | RecordId:
    """The record that was chosen, or the fields of a new one. Raises: BadInput."""
    if form.text(kind):
        return RecordId(from_text(form.text(kind)))
    return {name: value for name, value in form.fields(REGISTRY[kind], desk, f"{kind}.").items() if value is not None}


# ── Claims ──


def claims(request: Request) -> Response:
    """Claims by what they are about: who says so, who does not, and figures beside each other."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    office = desk.folder(FolderType.OFFICE)
    teller = Teller(request, desk)
    subjects = views.subjects(desk.reader, office)
    subject = request.query_params.get("about", "")
    if subject not in subjects:
        subject = next(iter(subjects), "")
    after = request.query_params.get("after")
    found = views.claims_about(desk.reader, office, subject, after=after)
    return render(
        request,
        "claims.html",
        page="sources",
        title=teller.language.gettext("Claims"),
        subjects=subjects,
        subject=subject,
        groups=found.rows,
        after=after,
        following=found.next,
        counts=_counts(desk),
        t=teller,
        addable=casework.addable(desk, FolderType.OFFICE),
    )


def show_claim(request: Request) -> Response:
    """One claim: who says, repeats, corrects, denies it, and which of them rests on which."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    identity = record_of(str(request.path_params["claim"]))
    found = views.claim(desk.reader, desk.folder(FolderType.OFFICE), identity)
    if found is None:
        raise HTTPException(404)
    teller = Teller(request, desk)
    return render(
        request,
        "claim.html",
        page="sources",
        title=teller.kind_label(found.claim.shown.kind),
        found=found,
        t=teller,
        addable=casework.addable(desk, FolderType.OFFICE),
    )


routes = [
    Route("/sources", handler(listed)),
    Route("/sources", handler(sought), methods=["POST"]),
    Route("/sources/new", handler(begin)),
    Route("/sources/new", handler(keep), methods=["POST"]),
    Route("/sources/said", handler(begin_said)),
    Route("/sources/said", handler(testify), methods=["POST"]),
    Route("/sources/claims", handler(claims)),
    Route("/sources/claims/{claim}", handler(show_claim)),
    Route("/sources/passages/{passage}", handler(to_passage)),
    Route("/sources/{source}", handler(show)),
    Route("/sources/{source}/left-out", handler(checked)),
    Route("/sources/{source}/left-out", handler(correct), methods=["POST"]),
    Route("/sources/{source}/put-back", handler(put_back), methods=["POST"]),
    Route("/sources/{source}/mark", handler(mark_page)),
    Route("/sources/{source}/mark", handler(begin_mark), methods=["POST"]),
    Route("/sources/{source}/marked", handler(mark), methods=["POST"]),
]
