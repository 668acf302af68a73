"""Files are put into the book, and copies are taken out of it.

Guarantees: every original is kept as it came; a working copy without metadata stands beside it, or the page says why
there is none. A copy leaves only after the asking is saved, under a name that gives nobody away; the working copy is
what is offered first.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from waystation.desk.pages.acts import Question, name_of, question_page
from waystation.desk.pages.records import Where, in_folders, record_at, record_id, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, Language, desk_of, form_of, redirect, render, words
from waystation.errors import BadInput
from waystation.ids import FolderType, to_text
from waystation.office import attachments, casework
from waystation.office.attachments import Attachment, Put
from waystation.records.labels import N_


def file_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page on which files are put into the book."""
    desk, where = desk_of(request), where_of(request)
    teller = Teller(request, desk, where.folder)
    return render(
        request,
        "file_form.html",
        page=where.page,
        title=teller.language.gettext("Put files into the book"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        folder_name=name_of(request, where) if where.folder_type in (FolderType.CASE, FolderType.REQUEST) else "",
        description=form.text("description") if form else "",
        errors=teller.problems(bad),
        cancel=where.section("file"),
    )


def attach(request: Request) -> Response:
    """Puts files into the book, each with its working copy."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        files = [Attachment(one.name, one.media_type, one.content) for one in form.files]
        save, put = attachments.attach_all(desk, where.folder, files, form.text("description"))
        desk.save_all(attachments.in_entries(save), attachments.pieces(put))
    except BadInput as bad:
        return file_page(request, form, bad)
    return redirect(request, where.section("file"), told(words(request), put))


def told(language: Language, put: Sequence[Put]) -> tuple[str, str]:
    """What is said of files that were put into the book: also which of them could not be cleaned, and why."""
    _ = language.gettext
    done = language.ngettext(
        "The file is in the book, encrypted. Its copy outside the book is yours to delete.",
        "%(num)s files are in the book, encrypted. Their copies outside the book are yours to delete.",
        len(put),
    )
    reasons = list(dict.fromkeys(_(one.why.told) for one in put if one.why is not None))
    return "attention" if any(one.is_telling for one in put) else "done", " ".join((done, *reasons))


WORKING: Final = Question(
    N_("Take the working copy out of the book?"),
    N_(
        "It shows or says what the original does, without where, when and with what it was made. Who can be seen or "
        "heard in it stays recognisable. It lies unencrypted on this computer; that it was taken out is recorded."
    ),
    N_("Take the working copy out"),
    ("why",),
    "",
    grave=True,
)

TAKE_OUT: Final = Question(
    N_("Take a copy out of the book?"),
    N_(
        "The copy lies unencrypted on this computer, where the book cannot protect or erase it. That it was taken out "
        "is recorded. Delete the copy when you have used it."
    ),
    N_("Take the copy out"),
    ("why",),
    "",
    grave=True,
)

ORIGINAL: Final = Question(
    N_("Take the original out of the book?"),
    N_(
        "The original may say where, when and by whom it was made. For showing it to somebody, take the working copy. "
        "The copy lies unencrypted on this computer, where the book cannot protect or erase it. That it was taken out "
        "is recorded."
    ),
    N_("Take the original out"),
    ("why",),
    "",
    grave=True,
)


def ask_download(request: Request) -> Response:
    """The page that asks before a file leaves the book."""
    where = where_of(request)
    record = record_at(request, where, "file")
    teller = Teller(request, desk_of(request), where.folder)
    if "working_copy_of" in record.fields:
        question = WORKING
    else:
        question = ORIGINAL if _has_working_copy(request, where, record.record) else TAKE_OUT
    return question_page(request, where, question, teller.about(record), kind="file")


def download(request: Request) -> Response:
    """A file, decrypted in memory, under a name that gives nobody away."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    record = record_id(request)
    desk.save(casework.reveal(desk, where.folder, "file", record, "name", form.text("words")[:500]))
    found = attachments.read(desk, where.folder, record)
    ending = _ENDINGS.get(found.media_type, "bin")
    return Response(
        found.content,
        media_type=found.media_type if found.media_type in _ENDINGS else "application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="file-{to_text(record)[:8]}.{ending}"'},
    )


def _has_working_copy(request: Request, where: Where, original: bytes) -> bool:
    return attachments.working_copy(desk_of(request), where.folder, original) is not None


_ENDINGS: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/tiff": "tif",
    "image/webp": "webp",
    "image/heic": "heic",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "video/mp4": "mp4",
    "text/plain": "txt",
    "message/rfc822": "eml",
    "application/mbox": "mbox",
    "application/zip": "zip",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.text": "odt",
}
"""Types of file that keep their type when they leave; all others leave as plain bytes."""

routes = [
    *in_folders("/file/new", file_page),
    *in_folders("/file/new", attach, ("POST",)),
    *in_folders("/file/{record}/download", ask_download),
    *in_folders("/file/{record}/download", download, ("POST",)),
]
