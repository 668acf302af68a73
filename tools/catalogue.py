"""Keeps the catalogues of `src/waystation/locale` in step with the code: `python tools/catalogue.py [--check]`.

Every text that a person at a desk can be shown is found: what code and templates mark (`_`, `N_`, `gettext`,
`ngettext`), the texts of our errors and problems, and what the passphrase estimator says. Texts that are gone are
dropped, translations of those that stay are kept, new ones stand empty and are counted. Nothing in the files changes
but for these: they name source files without line numbers, and no dates. The command line and the demo stay English.
"""

import argparse
import ast
import inspect
import sys
from collections.abc import Collection, Iterator, Mapping
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

import waystation
from waystation import errors

PACKAGE: Final = Path(waystation.__file__).parent
LOCALE: Final = PACKAGE / "locale"
TEMPLATE: Final = LOCALE / "messages.pot"
DOMAIN: Final = "waystation"
WIDTH: Final = 100

_MARKS: Final[Mapping[str, tuple[int, ...] | None]] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_ENGLISH_ONLY: Final = ("cli.py", "demo/", "relay/")
"""What stands in a terminal, a relay's operator's too, and what the demo plays, is not translated."""

_HEADER: Final = """\
# Words of Waystation. AGPL-3.0-or-later.
msgid ""
msgstr ""
"Project-Id-Version: Waystation\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""

Text = str | tuple[str, str]
"""A gettext id, or the two English forms of a plural."""


def error_names() -> tuple[str, ...]:
    """Names of every class of the tree of errors whose first argument is its text."""
    return tuple(
        sorted(
            name
            for name, one in vars(errors).items()
            if inspect.isclass(one)
            and issubclass(one, errors.WaystationError)
            and next(iter(inspect.signature(one).parameters), "") == "message"
        )
    )


def found(package: Path = PACKAGE) -> Iterator[tuple[Text, str]]:
    """Every text, and the file in which it stands, by file and then by place; a text may come several times."""
    marks = {*_MARKS, *error_names(), "Problem"}
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        if name.startswith(_ENGLISH_ONLY):
            continue
        if path.suffix == ".py":
            # The tree of errors hands its own texts up to its root.
            yield from ((text, name) for text in _of_code(path, marks | {"__init__"} if name == "errors.py" else marks))
        elif path.suffix == ".html":
            yield from ((text, name) for text in _of_template(path))
    estimator = find_spec("zxcvbn.feedback")
    assert estimator is not None
    assert estimator.origin is not None
    yield from ((text, "zxcvbn") for text in _of_code(Path(estimator.origin), marks))


def calls(path: Path, marks: Collection[str]) -> Iterator[tuple[str, ast.Call]]:
    """Calls of certain functions in a file, by place: the function's name, and the call."""
    tree = ast.parse(path.read_text(encoding="utf-8"), path.name)
    named = ((_name(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    yield from sorted(
        ((name, node) for name, node in named if name in marks), key=lambda one: (one[1].lineno, one[1].col_offset)
    )


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _of_code(path: Path, marks: Collection[str]) -> Iterator[Text]:
    for name, call in calls(path, marks):
        # A text that a variable holds is marked where it is written; a separator is no text.
        said = [one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else "" for one in call.args]
        match name, said:
            case "ngettext", [one, many, *_] if one and many:
                yield one, many
            case "Problem", [_, text, *_] if text:
                yield text
            case _, [text, *_] if name not in ("ngettext", "Problem") and _is_text(text):
                yield text
            case _:
                continue


def _of_template(path: Path) -> Iterator[Text]:
    # A template that cannot be read must not lose its texts silently.
    options = {"silent": "false"}
    for _, text, _, _ in extract_from_file("jinja2", path, keywords=_MARKS, options=options):
        if not isinstance(text, str):
            one, many = text
            assert one is not None
            assert many is not None
            yield one, many
        elif _is_text(text):
            yield text


def _is_text(words: str) -> bool:
    return any(letter.isalpha() for letter in words)


def template(package: Path = PACKAGE) -> Catalog:
    """The catalogue without translations.

    Raises: ValueError, if one text is used both alone and as the singular of a plural: no catalogue can hold both.
    """
    catalog = Catalog(charset="utf-8")
    plural: dict[str, Text] = {}
    for text, name in found(package):
        one = text if isinstance(text, str) else text[0]
        if plural.setdefault(one, text) != text:
            raise ValueError(f"“{one}” is used alone and as a plural, or with two plurals. Word one of them otherwise.")
        catalog.add(text, locations=[(name, 0)])
    return catalog


def languages() -> tuple[str, ...]:
    """Codes of the languages that have a catalogue."""
    return tuple(sorted(path.parts[-3] for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po")))


def catalogue_path(language: str) -> Path:
    """Where the catalogue of a language stands."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """The catalogue of a language as it stands. Raises: babel's PoFileError, if it cannot be read."""
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def renewed(texts: Catalog, translated: Catalog) -> Catalog:
    """The texts of the template in its order, with the translations that are there.

    Args:
        texts: the template.
        translated: the catalogue until now; what the template no longer holds is left behind.
    """
    catalog = Catalog(locale=translated.locale, charset="utf-8")
    for message in texts:
        if not message.id:
            continue
        known = translated.get(message.id if isinstance(message.id, str) else message.id[0])
        if known is None or isinstance(known.id, str) != isinstance(message.id, str):
            empty = "" if isinstance(message.id, str) else ("",) * catalog.num_plurals
            catalog.add(message.id, empty, locations=message.locations)
        else:
            unsure, comments = known.flags & {"fuzzy"}, known.user_comments
            catalog.add(message.id, known.string, locations=message.locations, flags=unsure, user_comments=comments)
    return catalog


def written(catalog: Catalog) -> bytes:
    """The file of a catalogue."""
    lines = _HEADER
    if catalog.locale is not None:
        lines += f'"Language: {catalog.locale_identifier}\\n"\n"Plural-Forms: {catalog.plural_forms}\\n"\n'
    body = BytesIO()
    write_po(body, catalog, width=WIDTH, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return lines.encode() + b"\n" + body.getvalue().strip() + b"\n"


def is_complete(message: Message) -> bool:
    """Whether a message has a translation that somebody is sure of."""
    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return bool(strings) and all(strings) and not message.fuzzy


def missing(catalog: Catalog) -> list[Message]:
    """Messages without a translation, or with one that is marked as unsure."""
    return [message for message in catalog if message.id and not is_complete(message)]


def files() -> dict[Path, bytes]:
    """Every file as it should stand."""
    texts = template()
    made = {TEMPLATE: written(texts)}
    for language in languages():
        made[catalogue_path(language)] = written(renewed(texts, read(language)))
    return made


def main() -> int:
    """Writes the catalogues, or only says what is wrong with them. Returns: exit code."""
    parser = argparse.ArgumentParser(description="Keep the catalogues in step with the code.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if something is to be done")
    parser.add_argument("--add", metavar="LANGUAGE", help="begin the catalogue of a language, such as uk or ar")
    asked = parser.parse_args()
    if asked.add:
        path = catalogue_path(asked.add)
        if path.exists():
            parser.error(f"{path.relative_to(PACKAGE)} exists already.")
        path.parent.mkdir(parents=True)
        path.write_bytes(written(renewed(template(), Catalog(locale=Locale.parse(asked.add)))))
    stale = {path: content for path, content in files().items() if not path.exists() or path.read_bytes() != content}
    for path, content in stale.items():
        if asked.check:
            print(f"{path.relative_to(PACKAGE)} is not in step with the code. Run `make catalogue`.")
        else:
            path.write_bytes(content)
    left = 0
    for language in languages():
        lacking = missing(read(language))
        left += len(lacking)
        print(f"{language}: {len(lacking)} to translate")
        for message in lacking:
            places = ", ".join(name for name, _ in message.locations)
            print(f"  {places}: {message.id!r}")
    return int(asked.check and bool(stale or left))


if __name__ == "__main__":
    sys.exit(main())
