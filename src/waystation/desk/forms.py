"""What a page posts, read in memory only: nothing of it ever touches the disk.

Refuses what is larger than its limits, but keeps the words, so that they can be given back as a draft.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Protocol
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from waystation import limits
from waystation.errors import BadInput, Problem
from waystation.ids import DeskId, ValueRef, from_text, to_text
from waystation.records import KindSpec, Value
from waystation.records.check import from_form
from waystation.records.fields import CountryField, FlagField, ManyField
from waystation.records.labels import N_

FORM_KEPT_MAX: Final = 5 * limits.FORM_MAX
"""Of a form that is too large, this much is kept as a draft (one sealed message holds 16 MiB)."""

INPUTS_MAX: Final = 2000
"""No page of ours has as many inputs."""

_SEEN: Final = "seen."


class At(Protocol):
    """The day and zone against which a form's words are read; an unlocked desk is one."""

    def today(self) -> str: ...

    def zone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form. The name is content, as much as the bytes are."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Form:
    """What one page posted.

    Args:
        inputs: name and text of every input, in the form's order; a name may repeat.
        files: those that were chosen.
        excess: why it is too large to be used; None if it is not.
        names: names of countries in the language of the page → codes.
    """

    inputs: tuple[tuple[str, str], ...] = ()
    files: Sequence[Upload] = ()
    excess: Problem | None = None
    countries: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def values(self) -> dict[str, list[str]]:
        """Input name → its texts."""
        found: dict[str, list[str]] = {}
        for name, text in self.inputs:
            found.setdefault(name, []).append(text)
        return found

    def text(self, name: str) -> str:
        """The last text of an input; empty where there is none."""
        return self.values.get(name, [""])[-1]

    def fields(self, spec: KindSpec, at: At, prefix: str = "") -> dict[str, Value | None]:
        """The form's fields of one kind, parsed and checked.

        A field whose `seen.…` was posted was shown; if nothing was posted for it, it was left empty.

        Args:
            prefix: what leads the names of the inputs, where one page holds two kinds.
        Raises: BadInput, its problems under the names of the inputs.
        """
        texts: dict[str, str | Sequence[str]] = {}
        for name, declared in spec.fields.items():
            key = prefix + name
            given = self.values.get(key)
            if given is None and _SEEN + key not in self.values:
                continue
            if isinstance(declared, FlagField):
                texts[name] = "1" if given and given[-1] in ("yes", "1") else "0"
            elif isinstance(declared, ManyField):
                texts[name] = self._several(declared, given or [])
            else:
                texts[name] = (given or [""])[-1]
            if declared.unit and (unit := self.values.get(f"{key}_{declared.unit}")):
                texts[f"{name}_{declared.unit}"] = unit[-1]
        try:
            return from_form(spec, texts, today=at.today(), zone=at.zone())
        except BadInput as bad:
            raise BadInput({prefix + name if name else "": p for name, p in bad.problems.items()}) from None

    @property
    def seen(self) -> dict[str, tuple[ValueRef, ...]]:
        """Field → the values that the form displayed. Raises: BadInput."""
        return self.seen_under("")

    def seen_under(self, prefix: str) -> dict[str, tuple[ValueRef, ...]]:
        """As `seen`, for the inputs whose names begin with `prefix`."""
        lead = _SEEN + prefix
        return {
            name.removeprefix(lead): read_refs(texts[-1])
            for name, texts in self.values.items()
            if name.startswith(lead) and "." not in name.removeprefix(lead)
        }

    def _several(self, declared: ManyField, given: list[str]) -> list[str]:
        if isinstance(declared.item, CountryField):
            names = [part.strip() for text in given for part in text.split(",")]
            return [self.countries.get(name.casefold(), name) for name in names if name]
        return [text for text in given if text]


def ref_text(ref: ValueRef) -> str:
    """One reference as it stands in a hidden input."""
    return f"{to_text(ref[0])}.{ref[1]}"


def read_refs(text: str) -> tuple[ValueRef, ...]:
    """Inverse of `ref_text`, for several with spaces between them. Raises: BadInput."""
    refs: list[ValueRef] = []
    for part in text.split()[:INPUTS_MAX]:
        desk, _, seq = part.partition(".")
        if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
            raise BadInput({"": Problem("bad_id", N_("This page is out of date. Open it again."))})
        refs.append((DeskId(from_text(desk)), int(seq)))
    return tuple(refs)


async def read(request: Request) -> Form:
    """Reads a posted form to its end, whatever its size; keeps what the limits allow.

    Raises: BadInput, if it is cut short or no form at all.
    """
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type == b"multipart/form-data":
        return await _Multipart(options.get(b"boundary", b"")).read(request.stream())
    return await _read_plain(request.stream())


async def _read_plain(stream: AsyncIterator[bytes]) -> Form:
    body = bytearray()
    cut = False
    async for piece in stream:
        # Percent-encoded Cyrillic is six times as long as what was typed.
        room = 6 * FORM_KEPT_MAX - len(body)
        body += piece[:room]
        cut = cut or len(piece) > room
    # Megabytes of percent signs take seconds; the desk goes on meanwhile.
    pairs = await run_in_threadpool(_pairs, bytes(body))
    return _bounded(pairs, [], _too_long() if cut else None)


def _pairs(body: bytes) -> list[tuple[str, str]]:
    text = body.decode("ascii", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=INPUTS_MAX)
    except ValueError:
        raise _broken() from None


class _Multipart:
    """Takes the parts of one multipart form apart, in memory."""

    def __init__(self, boundary: bytes) -> None:
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._finish,
                },
            )
        except FormParserError:
            raise _broken() from None
        self._pairs: list[tuple[str, str]] = []
        self._files: list[Upload] = []
        self._excess: Problem | None = None
        self._ended = False
        self._words = 0
        self._octets = 0
        self._headers: dict[bytes, bytes] = {}
        self._field, self._value, self._content = b"", b"", bytearray()
        self._name = ""
        self._file_name: str | None = None

    async def read(self, stream: AsyncIterator[bytes]) -> Form:
        try:
            async for piece in stream:
                self._parser.write(piece)
        except FormParserError:
            raise _broken() from None
        if not self._ended:
            raise _broken()
        return _bounded(self._pairs, self._files, self._excess)

    def _begin(self) -> None:
        self._headers = {}
        self._content = bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        named = options.get(b"filename")
        self._file_name = None if named is None else named.decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        size = end - start
        if self._file_name is None:
            room = FORM_KEPT_MAX - self._words
            self._words += size
            if size > room:
                self._excess = self._excess or _too_long()
                end = start + max(room, 0)
        else:
            self._octets += size
            if self._octets > limits.FILE_MAX:
                self._excess = _too_large()
                self._content.clear()
                return
        self._content += data[start:end]

    def _end(self) -> None:
        if len(self._pairs) + len(self._files) >= INPUTS_MAX:
            raise _broken()
        if self._file_name is None:
            self._pairs.append((self._name, self._content.decode("utf-8", "replace")))
        elif self._file_name and self._octets <= limits.FILE_MAX:
            media_type, _ = parse_options_header(self._headers.get(b"content-type"))
            name = self._file_name.replace("\\", "/").rpartition("/")[2]
            self._files.append(Upload(name, media_type.decode("ascii", "replace"), bytes(self._content)))

    def _finish(self) -> None:
        self._ended = True


def _bounded(pairs: Sequence[tuple[str, str]], files: Sequence[Upload], excess: Problem | None) -> Form:
    room = FORM_KEPT_MAX
    kept: list[tuple[str, str]] = []
    size = 0
    for name, text in pairs:
        size += len(text.encode("utf-8", "replace"))
        kept.append((name, text if size <= room else text[: max(room - (size - len(text)), 0) // 4]))
    if size > limits.FORM_MAX:
        excess = excess or _too_long()
    return Form(tuple(kept), () if excess else tuple(files), excess)


def _too_long() -> Problem:
    return Problem(
        "form_too_large",
        N_("What was typed is longer than a form can hold. Shorten it, or attach it as a file."),
    )


def _too_large() -> Problem:
    return Problem(
        "file_too_large",
        N_("The files of one form may have %(mib)s MB together. Attach a smaller file, or one at a time."),
        {"mib": limits.FILE_MAX // limits.MIB},
    )


def _broken() -> BadInput:
    return BadInput({"": Problem("broken_form", N_("This form did not arrive whole. Go back and send it again."))})
