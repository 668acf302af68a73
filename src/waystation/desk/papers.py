"""The two keys on paper: what stands on each sheet, and how a person proves that they have written it down.

It keeps nothing; a command line can use it as the pages do.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Literal

import segno

from waystation.errors import BadInput, Problem
from waystation.ids import Randomness
from waystation.office.founding import Papers, words_to_retype
from waystation.records.labels import N_

Sheet = Literal["root", "recovery"]
SHEETS: Final[tuple[Sheet, ...]] = ("root", "recovery")

Places = Mapping[Sheet, tuple[int, ...]]
"""Sheet → which of its words are asked for, counted from 1, ascending."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What one sheet says.

    Args:
        title, purpose, keeping, loss: gettext ids: its name, what it is for, where to keep it, what its loss means.
        words: in order.
        code: what its QR code holds.
    """

    title: str
    purpose: str
    keeping: str
    loss: str
    words: tuple[str, ...]
    code: str


def printed(papers: Papers, sheet: Sheet) -> Printed:
    """One of the two sheets."""
    if sheet == "root":
        return Printed(
            N_("Root key"),
            N_(
                "It decides who belongs to this organisation when nothing else can: it admits a first coordinator "
                "again, and it is the appeal in a dispute. It opens no case."
            ),
            N_(
                "Keep it away from every desk and from the recovery key: in a safe, with a lawyer, or with a board "
                "member in another country."
            ),
            N_(
                "Without it the work goes on, but no backup can be restored to a working desk, and nobody can settle "
                "who leads the organisation. Whoever steals it can admit themselves, and everybody will see that."
            ),
            papers.root_words,
            papers.root_text,
        )
    return Printed(
        N_("Recovery key"),
        N_(
            "Together with a backup file it brings the book back when a laptop is broken, lost or taken. Alone it "
            "opens nothing."
        ),
        N_("Keep it apart from the backups and from the root key, where you can reach it within a day."),
        N_(
            "Without it a forgotten passphrase or a broken laptop loses everything. Whoever holds it and a backup file "
            "reads the whole book."
        ),
        papers.recovery_words,
        papers.recovery_text,
    )


def choose_places(randomness: Randomness) -> Places:
    """Which words are asked for, by chance."""
    return {sheet: tuple(sorted(place + 1 for place in words_to_retype(randomness))) for sheet in SHEETS}


def check_words(papers: Papers, places: Places, typed: Mapping[str, str]) -> None:
    """Returns only if the words that were asked for were typed back.

    Args:
        typed: input name (`input_name`) → word; spaces around it and capitals are forgiven.
    Raises: BadInput, with a problem for each word that is another.
    """
    problems: dict[str, Problem] = {}
    for sheet in SHEETS:
        words = printed(papers, sheet).words
        for place in places[sheet]:
            name = input_name(sheet, place)
            if typed.get(name, "").strip().lower() != words[place - 1]:
                message = N_("Word %(place)s of this paper is another. Look at your paper again.")
                problems[name] = Problem("another_word", message, {"place": place})
    if problems:
        raise BadInput(problems)


def input_name(sheet: Sheet, place: int) -> str:
    """The input in which a word is typed back."""
    return f"{sheet}_{place}"


def qr_image(text: str, error: Literal["l", "m"] = "m") -> str:
    """A QR code as the address of an image that holds itself (SVG), for `<img src>`; `error`: how much may be lost."""
    drawn = BytesIO()
    code = segno.make(text, error=error, micro=False)
    code.save(drawn, kind="svg", border=4, xmldecl=False, svgns=True, omitsize=True)
    return "data:image/svg+xml;base64," + b64encode(drawn.getvalue()).decode()
