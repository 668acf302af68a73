"""Messages in: a pasted thread, an export, letters and files become a request, or go into one that is there.

Guarantees: one press saves all of it, or nothing; what came is kept as it came, with its SHA-256, and every picture,
PDF and recording with a working copy beside it. Names with which people sign stand masked (`wrote_as`); in the
transcript they are “them” and “us”, and no line of a message can pass for the beginning of another.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from waystation import letters, threads
from waystation.book.files import SealedFile
from waystation.cleaning import kind_of
from waystation.errors import BadInput, Problem
from waystation.ids import FolderId, FolderType, RecordId
from waystation.letters import Letter
from waystation.limits import MIB, THREAD_MAX, TRAY_MAX
from waystation.office import attachments
from waystation.office.attachments import Attachment, Put, in_entries, pieces, with_files
from waystation.office.casework import Part, put_parts
from waystation.office.desk import Desk
from waystation.office.intake import begin_request
from waystation.office.writing import Fields, Writing, refuse
from waystation.plaintext import guessed_language, legible, one_line
from waystation.records import Save, Value
from waystation.records.choices import Channel, ContactType, Language
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.roles import Action
from waystation.threads import App, Setting, Thread
from waystation.views import shown as views

BODY_CHARS: Final = 12_000
STORY_CHARS: Final = 8_000
SIGNED_CHARS: Final = 400
NAME_CHARS: Final = 255
FURTHER: Final = "\n\u00a0\u00a0\u00a0"
"""A further line of a message: set in by spaces that no page folds, so that it cannot pass for another message."""
PEOPLE_MAX: Final = 30
"""So many are told apart; whoever else writes is one of them."""

PASTED: Final = "pasted.txt"

_CHANNELS: Final = {
    App.SIGNAL: ContactType.SIGNAL,
    App.WHATSAPP: ContactType.WHATSAPP,
    App.TELEGRAM: ContactType.TELEGRAM,
    App.UNKNOWN: ContactType.OTHER,
}
_TEXT_NAMES: Final = (".txt", ".md", ".json", ".jsonl", ".html", ".htm")
_ZIP: Final = b"PK\x03\x04"
_PHONE_SIGNS: Final = frozenset("+0123456789 ()-.\u00a0\u2011\u202f")


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a talk.

    Args:
        voice: who wrote it, as a place in `Parcel.people`; None for what the app itself says.
    """

    voice: int | None
    at: Moment | None
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """A thread, or the letters of one file.

    Args:
        file: which of the parcel's files it was read from.
        voices: who takes part, as places in `Parcel.people`.
    """

    channel: ContactType
    subject: str
    lines: tuple[Line, ...]
    file: int
    voices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What came in, as far as it was understood. Nothing is saved yet.

    Args:
        files: everything that will be kept; what was pasted is one of them.
        people: the names with which those who wrote signed; an empty one where none stood.
        handles: person, as a place in `people` → their number or address, where that is what they sign with.
        ours: who of them is probably one of us.
        unclear: a date that could be read in two ways; empty if none.
        problems: what could not be read and is only kept; gettext ids.
    """

    files: tuple[Attachment, ...]
    talks: tuple[Talk, ...]
    people: tuple[str, ...]
    handles: Mapping[int, str]
    ours: frozenset[int]
    unclear: str
    day_first: bool
    problems: tuple[str, ...]

    @property
    def moments(self) -> tuple[Moment, Moment] | None:
        """Of the first and of the last message that bear one."""
        found = [line.at for talk in self.talks for line in talk.lines if line.at is not None]
        return (min(found, key=_ms), max(found, key=_ms)) if found else None

    @property
    def count(self) -> int:
        """How many messages."""
        return sum(len(talk.lines) for talk in self.talks)

    def story(self, ours: Collection[int]) -> str:
        """Their own words, as far as a request holds them."""
        said = (
            line.text for talk in self.talks for line in talk.lines if line.voice is not None and line.voice not in ours
        )
        return _cut("\n\n".join(filter(None, said)), STORY_CHARS)

    def language(self, ours: Collection[int]) -> Language | None:
        """In which language they seem to write."""
        code = guessed_language(self.story(ours))
        return Language(code) if code else None

    def asker(self, ours: Collection[int]) -> int | None:
        """Who of them wrote first."""
        spoken = (line.voice for talk in self.talks for line in talk.lines)
        return next((voice for voice in spoken if voice is not None and voice not in ours), None)

    def channel(self) -> tuple[Channel, ContactType] | None:
        """How it arrived, and how they can be answered."""
        if not self.talks:
            return None
        contact = self.talks[0].channel
        return (Channel.EMAIL if contact is ContactType.EMAIL else Channel.MESSENGER), contact


@dataclass(frozen=True, slots=True)
class Voices:
    """What stands before a line of a transcript, in the language of whoever takes it in."""

    them: str
    us: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Everything that one press saves: give `saves` and `sealed` to `Desk.save_all`."""

    folder: FolderId
    saves: tuple[Save, ...]
    sealed: tuple[SealedFile, ...]
    put: tuple[Put, ...]


def unpack(desk: Desk, pasted: str, files: Sequence[Attachment], day_first: bool | None = None) -> Parcel:
    """What was pasted and dropped, recognised.

    Args:
        pasted: as it came from the clipboard; empty if nothing was.
        day_first: how 5.6. is meant; None to find out.
    Raises: BadInput, if there is nothing; what cannot be read is kept as a file.
    """
    setting = Setting(desk.zone(), desk.today(), day_first)
    making = _Unpacking(setting)
    if pasted.strip():
        making.take_pasted(pasted)
    for file in files:
        making.take(file)
    if not making.files:
        refuse("pasted", "required", N_("Paste what was written, or choose a file, first."))
    return making.parcel(desk)


def take_down(
    desk: Desk, parcel: Parcel, ours: Collection[int], fields: Fields, parts: Sequence[Part], voices: Voices
) -> Taken:
    """A request from messages: everything in one press.

    Args:
        ours: who of `parcel.people` is one of us.
        fields: of `request`; parts: person and contact channel, if they were named.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    folder = begin_request(writing, fields, parts)
    return _into(writing, folder, parcel, ours, voices)


def write_into(desk: Desk, folder: FolderId, parcel: Parcel, ours: Collection[int], voices: Voices) -> Taken:
    """Messages into a case or a request that is there. Raises: BadInput, Refused."""
    writing = Writing(desk)
    folder_type = writing.require(Action.WRITE, folder)
    if folder_type not in (FolderType.CASE, FolderType.REQUEST):
        refuse("into", "bad_link", N_("Messages go into a request or a case. Type its code name."))
    return _into(writing, folder, parcel, ours, voices)


def find_folder(desk: Desk, code_name: str) -> tuple[FolderId, FolderType]:
    """The case or the request of a code name, the case first. Raises: BadInput, if there is none."""
    name = " ".join(code_name.split())
    for table, folder_type in (("case_now", FolderType.CASE), ("request_now", FolderType.REQUEST)):
        query = f"SELECT folder FROM {table} WHERE code_name = ? LIMIT 1"  # noqa: S608 -- fixed text
        for spelt in dict.fromkeys((name, name.title(), name.capitalize())):
            row = desk.reader.row(query, spelt)
            if row is not None:
                return FolderId(row[0]), folder_type
    raise BadInput(
        {"into": Problem("no_such_name", N_("No case and no request has this code name. Look at its spelling."))}
    )


def open_names(desk: Desk) -> tuple[str, ...]:
    """Code names of the most urgent open cases and requests, to choose from."""
    found = (option.text for kind in ("case", "request") for option in views.options(desk.reader, kind))
    return tuple(sorted(dict.fromkeys(filter(None, found))))


def is_number(name: str) -> bool:
    """Whether somebody signs with a telephone number."""
    return len(name) >= 6 and set(name) <= _PHONE_SIGNS


class _Unpacking:
    """Gathers files, talks and people while a parcel is taken apart."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.files: list[Attachment] = []
        self._talks: list[Talk] = []
        self._people: list[str] = []
        self._handles: dict[int, str] = {}
        self._unclear = ""
        self._day_first = True
        self._problems: list[str] = []

    def take_pasted(self, text: str) -> None:
        content = text.encode("utf-8", "replace")
        self.files.append(Attachment(PASTED, "text/plain", content))
        if letters.looks_like_letter(content):
            self._letters(content, 0)
        else:
            self._threads(threads.read(text, self._setting), 0)

    def take(self, file: Attachment) -> None:
        number = len(self.files)
        file = replace(file, name=one_line(file.name, NAME_CHARS))
        self.files.append(file)
        if letters.looks_like_mbox(file.content) or letters.looks_like_letter(file.content):
            self._letters(file.content, number)
        elif file.content[:4] == _ZIP:
            packed = threads.unpacked(file.content)
            if packed:
                self._threads(threads.read(threads.decode(packed[0].content), self._setting), number)
                self.files += [Attachment(one.name, "", one.content) for one in packed[1:] if one.content]
        elif self._is_text(file):
            if len(file.content) > THREAD_MAX:
                self._problems.append(N_("A text is too long to be read and is only kept as a file."))
                return
            found = threads.read(threads.decode(file.content), self._setting)
            told = [thread for thread in found if thread.app is not App.UNKNOWN or len(thread.messages) > 1]
            if told or file.media_type == "text/plain":
                self._threads(found, number)

    def parcel(self, desk: Desk) -> Parcel:
        ours = self._ours(desk)
        return Parcel(
            tuple(self.files),
            tuple(self._talks),
            tuple(self._people),
            dict(self._handles),
            ours,
            self._unclear,
            self._day_first,
            tuple(dict.fromkeys(self._problems)),
        )

    def _is_text(self, file: Attachment) -> bool:
        kind = kind_of(file.content, file.media_type)
        named = file.name.casefold().endswith(_TEXT_NAMES)
        return (kind.startswith("text/") or kind == "application/json" or named) and b"\0" not in file.content[:4096:2]

    def _threads(self, found: Sequence[Thread], file: int) -> None:
        for thread in found:
            lines = tuple(
                Line(None if one.by_app else self._voice(one.sender), one.at, one.text) for one in thread.messages
            )
            self._talk(_CHANNELS[thread.app], thread.title, lines, file)
            self._unclear = self._unclear or thread.unclear
            self._day_first = thread.day_first

    def _letters(self, content: bytes, file: int) -> None:
        try:
            if letters.looks_like_mbox(content):
                found = letters.read_mbox(content, self._setting.zone)
            else:
                found = (letters.read(content, self._setting.zone),)
        except BadInput as bad:
            self._problems += [problem.message for problem in bad.problems.values()]
            return
        every = [one for letter in found for one in letters.every(letter)]
        if any(one.cut for one in every):
            self._problems.append(N_("A letter has more parts than are read; the rest is in the original."))
        lines = tuple(self._letter(one, several=len(every) > 1) for one in every)
        self._talk(ContactType.EMAIL, every[0].subject, lines, file)
        for one in every:
            self.files += [Attachment(part.name, part.media_type, part.content) for part in one.attached]

    def _letter(self, one: Letter, *, several: bool) -> Line:
        voice = self._voice(one.sender)
        if one.address:
            self._handles.setdefault(voice, one.address)
        head = f"{one.subject}\n\n" if several and one.subject else ""
        return Line(voice, one.at, head + one.text)

    def _talk(self, channel: ContactType, subject: str, lines: tuple[Line, ...], file: int) -> None:
        voices = tuple(dict.fromkeys(line.voice for line in lines if line.voice is not None))
        self._talks.append(Talk(channel, subject, lines, file, voices))

    def _voice(self, name: str) -> int:
        if name in self._people:
            return self._people.index(name)
        if len(self._people) >= PEOPLE_MAX:
            return PEOPLE_MAX - 1
        self._people.append(name)
        if is_number(name):
            self._handles[len(self._people) - 1] = name
        return len(self._people) - 1

    def _ours(self, desk: Desk) -> frozenset[int]:
        """Those whom the app calls “me”, or who bear the member's or the organisation's name; of two, the second."""
        names = {views.name(desk.reader, "member", desk.member).casefold()}
        row = desk.reader.row("SELECT name FROM k_organisation LIMIT 1")
        names.add(str(row[0] if row else "").casefold())
        ours = {
            number
            for number, name in enumerate(self._people)
            if threads.by_ourselves(name) or (name and name.casefold() in names)
        }
        if not ours and len(self._people) == 2:
            return frozenset((1,))
        return frozenset(ours)


def _into(writing: Writing, folder: FolderId, parcel: Parcel, ours: Collection[int], voices: Voices) -> Taken:
    """The files, then the transcripts that point to them."""
    if sum(len(file.content) for file in parcel.files) > TRAY_MAX:
        refuse(
            "file",
            "too_large",
            N_("Together this is more than %(mib)s MB. Take it in piece by piece."),
            mib=TRAY_MAX // MIB,
        )
    put = tuple(attachments.put(writing, folder, file) for file in parcel.files if file.content)
    kept = dict(zip((n for n, file in enumerate(parcel.files) if file.content), put, strict=True))
    for talk in parcel.talks:
        original = kept[talk.file].original if talk.file in kept else None
        put_parts(writing, folder, list(_conversations(parcel, talk, original, ours, voices)))
    save = with_files(writing.save(), put)
    return Taken(folder, in_entries(save), tuple(pieces(put)), put)


def _conversations(
    parcel: Parcel,
    talk: Talk,
    original: RecordId | None,
    ours: Collection[int],
    voices: Voices,
) -> Iterator[Part]:
    """A talk as records, each no longer than one holds."""
    theirs = [voice for voice in talk.voices if voice not in ours]
    signed = ", ".join(dict.fromkeys(filter(None, (_signed(parcel, voice) for voice in theirs))))
    for lines in _stretches(talk, ours, voices):
        told = [line.at for line, _ in lines if line.at is not None]
        fields: dict[str, Value | None] = {
            "channel": talk.channel,
            "wrote_as": _cut(signed, SIGNED_CHARS) or None,
            "subject": talk.subject or None,
            "began": min(told, key=_ms) if told else None,
            "ended": max(told, key=_ms) if told else None,
            "messages": len({id(line) for line, _ in lines}),
            "body": "\n".join(text for _, text in lines),
            "original": original,
        }
        yield Part("conversation", fields)


def _signed(parcel: Parcel, voice: int) -> str:
    name, handle = parcel.people[voice], parcel.handles.get(voice, "")
    return f"{name} <{handle}>" if handle and handle != name else name


def _stretches(talk: Talk, ours: Collection[int], voices: Voices) -> Iterator[list[tuple[Line, str]]]:
    """The lines as they are written down, in stretches that fit into one record."""
    theirs = [voice for voice in talk.voices if voice not in ours]
    called = {voice: f"{voices.them} {n}" if len(theirs) > 1 else voices.them for n, voice in enumerate(theirs, 1)}
    gathered: list[tuple[Line, str]] = []
    room = BODY_CHARS
    for line in talk.lines:
        who = "–" if line.voice is None else called.get(line.voice, voices.us)
        for text in _written(who, line):
            if gathered and len(text) + 1 > room:
                yield gathered
                gathered, room = [], BODY_CHARS
            gathered.append((line, text))
            room -= len(text) + 1
    if gathered:
        yield gathered


def _written(who: str, line: Line) -> Iterator[str]:
    """A message as it stands in the transcript: who, when, the words; further lines of it are set in."""
    head = f"{who} ({_clock(line.at)}): " if line.at else f"{who}: "
    text = legible(line.text).replace("\n", FURTHER) or "–"
    size = BODY_CHARS - len(head) - 1
    for start in range(0, len(text), size):
        yield head + text[start : start + size]


def _clock(at: Moment) -> str:
    local: datetime = at.local()
    return f"{local:%Y-%m-%d %H:%M}"


def _ms(at: Moment) -> int:
    return at.ms


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1].rstrip() + "…"
