"""Forms are read in memory: nothing is spooled, nothing grows without bound, nothing typed is lost."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.requests import Request
from tests.desk.sitting import Sitting

from waystation import limits
from waystation.desk import forms
from waystation.desk.forms import FORM_KEPT_MAX, Form, Upload, read_refs, ref_text
from waystation.errors import BadInput
from waystation.ids import DeskId
from waystation.office import drafts
from waystation.records import REGISTRY

BOUNDARY = "form-boundary"
OPENED: list[object] = []
_watching = False


def _hook(event: str, arguments: Sequence[object]) -> None:
    if _watching and event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            OPENED.append(path)


sys.addaudithook(_hook)


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    named = "" if file_name is None else f'; filename="{file_name}"\r\nContent-Type: application/pdf'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def multipart(*parts: bytes, end: bool = True) -> bytes:
    return b"".join(parts) + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def read(body: bytes, content_type: str = f"multipart/form-data; boundary={BOUNDARY}", piece: int = 65_536) -> Form:
    """What `forms.read` makes of a body that arrives in pieces; watches for files that are opened meanwhile."""
    sent = 0
    before = descriptors()

    async def receive() -> dict[str, object]:
        nonlocal sent
        chunk, sent = body[sent : sent + piece], sent + piece
        assert descriptors() == before
        return {"type": "http.request", "body": chunk, "more_body": sent < len(body)}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", content_type.encode())]}
    return asyncio.run(forms.read(Request(scope, receive)))


def descriptors() -> list[str]:
    """Files on a disk that this process holds open, removed ones too."""
    names: list[str] = []
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            names.append(os.readlink(f"/proc/self/fd/{number}"))
    return sorted(name for name in names if name.startswith("/") and not name.startswith(("/dev/", "/proc/")))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_nothing_is_spooled(temporary: Path) -> None:
    global _watching
    content = os.urandom(5 * limits.MIB)
    body = multipart(part("story", b"x" * limits.MIB), part("file", content, "passport.pdf"))
    OPENED.clear()
    _watching = True
    try:
        form = read(body)
    finally:
        _watching = False
    assert form.files == (Upload("passport.pdf", "application/pdf", content),)
    assert OPENED == []
    assert list(temporary.iterdir()) == []


def test_nothing_is_spooled_on_the_way_through(sitting: Sitting, temporary: Path) -> None:
    global _watching
    file = multipart(part("file", b"%PDF" * limits.MIB, "a.pdf"))
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    OPENED.clear()
    _watching = True
    try:
        answer = sitting.client.post(f"{sitting.root}/probe", content=file, headers=headers)
    finally:
        _watching = False
    assert sitting.leads_to(answer) == f"probe?files=1&bytes={4 * limits.MIB}"
    assert [path for path in OPENED if str(sitting.home.folder) not in str(path)] == []
    assert list(temporary.iterdir()) == []


def test_a_file_that_is_too_large() -> None:
    body = multipart(
        part("story", "Хава".encode()), part("file", bytes(limits.FILE_MAX + 1), "film.mp4"), part("b", b"2")
    )
    form = read(body, piece=limits.MIB)
    assert form.excess is not None
    assert form.excess.code == "file_too_large"
    assert form.inputs == (("story", "Хава"), ("b", "2"))
    assert form.files == ()


@pytest.mark.parametrize(
    "note", ["ночь " * (10 * limits.MIB // 9), "night " * (10 * limits.MIB // 6)], ids=["ru", "en"]
)
def test_ten_megabytes_of_note(sitting: Sitting, note: str) -> None:
    if note[0] == "н":
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        body = multipart(part("story", note.encode()))
        answer = sitting.client.post(f"{sitting.root}/probe", content=body, headers=headers)
    else:
        answer = sitting.post("probe", {"story": note})
    assert answer.status_code == 413
    assert "longer than a form can hold" in answer.text
    assert "kept as a draft" in answer.text
    desk = sitting.session.desk
    assert desk is not None
    draft = drafts.find(desk, "probe")
    assert draft is not None
    ((_, text),) = draft.inputs
    assert text == note[: len(text)]
    assert len(text.encode()) > limits.FORM_MAX


def test_a_form_without_end_is_bounded() -> None:
    form = read(b"story=" + b"y" * (7 * FORM_KEPT_MAX), "application/x-www-form-urlencoded", piece=limits.MIB)
    assert form.excess is not None
    assert sum(len(text) for _, text in form.inputs) <= FORM_KEPT_MAX


@pytest.mark.parametrize(
    "body",
    [
        multipart(part("a", b"1"), end=False),
        multipart(part("a", b"1"))[:-10],
        b"no form at all",
        b"",
        multipart(*(part(f"n{i}", b"") for i in range(forms.INPUTS_MAX + 1))),
    ],
)
def test_a_form_that_is_broken(body: bytes) -> None:
    with pytest.raises(BadInput):
        read(body)


def test_a_form_without_boundary() -> None:
    with pytest.raises(BadInput):
        read(b"x", "multipart/form-data")


def test_too_many_inputs() -> None:
    with pytest.raises(BadInput):
        read(b"&".join(b"a=1" for _ in range(forms.INPUTS_MAX + 1)), "application/x-www-form-urlencoded")


def test_names_lose_their_path() -> None:
    form = read(
        multipart(part("file", b"1", "C:\\Users\\Ada\\letter.pdf"), part("file", b"", ""), part("file", b"2", "../e"))
    )
    assert [file.name for file in form.files] == ["letter.pdf", "e"]


def test_pieces_of_any_size_give_one_form() -> None:
    body = multipart(part("имя", "Ада".encode()), part("file", b"\r\n--form-bound\r\n", "a"))
    assert read(body, piece=1) == read(body)
    assert read(body).inputs == (("имя", "Ада"),)


class Day:
    """The day and zone of these tests."""

    def today(self) -> str:
        return "2017-05-17"

    def zone(self) -> str:
        return "Europe/Vilnius"


def test_a_field_that_was_shown_and_left_empty_is_cleared() -> None:
    spec = REGISTRY["consent"]
    scope, withdrawn = "scope", "withdrawn"
    assert (
        Form((("seen." + scope, ""),)).fields(spec, Day()) == {scope: None} if not spec.fields[scope].required else True
    )
    assert Form(()).fields(spec, Day()) == {}
    shown = Form((("seen." + withdrawn, ""), (withdrawn, "")))
    assert shown.fields(spec, Day()) == {withdrawn: None}


def test_a_flag_speaks_by_its_silence() -> None:
    spec = REGISTRY["arrival"]
    assert Form((("seen.confirmed", ""),)).fields(spec, Day()) == {"confirmed": False}
    assert Form((("seen.confirmed", ""), ("confirmed", "yes"))).fields(spec, Day()) == {"confirmed": True}
    assert Form(()).fields(spec, Day()) == {}


def test_problems_stand_under_the_names_of_the_inputs() -> None:
    spec = REGISTRY["person"]
    form = Form((("person.citizenship", "Atlantis"), ("person.given_name", "Хава"), ("given_name", "other")))
    with pytest.raises(BadInput) as refused:
        form.fields(spec, Day(), "person.")
    assert list(refused.value.problems) == ["person.citizenship"]
    ok = Form((("person.given_name", "Хава"), ("given_name", "other")))
    assert ok.fields(spec, Day(), "person.") == {"given_name": "Хава"}


def test_countries_are_written_by_name_or_code() -> None:
    spec = REGISTRY["route"]
    form = Form((("transit", "Georgia, LT ,"),), countries={"georgia": "GE"})
    found = form.fields(spec, Day())["transit"]
    assert list(found) == ["GE", "LT"]  # type: ignore[arg-type]  # a Many, as the declaration says


def test_references_survive_a_form() -> None:
    refs = ((DeskId(bytes(range(16))), 7), (DeskId(b"\xff" * 16), 123_456))
    text = " ".join(map(ref_text, refs))
    form = Form((("seen.story", text), ("seen.person.home", ref_text(refs[0])), ("seen.empty", "")))
    assert form.seen == {"story": refs, "empty": ()}
    assert form.seen_under("person.") == {"home": refs[:1]}


@pytest.mark.parametrize("text", ["x.1", "aaaa.1", f"{'a' * 26}.", f"{'a' * 26}.-1", f"{'a' * 26}.٣", "." * 9])
def test_references_are_parsed_or_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_refs(text)
