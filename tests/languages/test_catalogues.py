"""The catalogues hold every text of the program, translate all of it, and can be filled in as the code fills it in."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from jinja2 import Environment, nodes
from tools import catalogue

PLACES = re.compile(r"%\((\w+)\)s")
LANGUAGES = catalogue.languages()


def strings(message: Message) -> tuple[str, ...]:
    """The translations of a message: one, or one for each form of its plural."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def english(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def entries(catalog: Catalog) -> Iterator[Message]:
    """Every message but the header."""
    return (message for message in catalog if message.id)


@cache
def kept(code: str) -> Catalog:
    """The catalogue of a language, read once."""
    return catalogue.read(code)


@cache
def texts() -> Catalog:
    """Every text of the program, gathered once."""
    return catalogue.template()


def translated(code: str) -> Iterator[Message]:
    """Every message that has a translation; what has none is the matter of one test alone."""
    return (message for message in entries(kept(code)) if all(strings(message)))


def test_there_is_russian() -> None:
    assert "ru" in LANGUAGES


def test_the_files_are_in_step_with_the_code() -> None:
    """`make catalogue` would change nothing."""
    stale = [path.name for path, content in catalogue.files().items() if path.read_bytes() != content]
    assert stale == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_is_translated_and_sure(code: str) -> None:
    known = kept(code)
    assert {message.id for message in entries(texts())} <= {message.id for message in entries(known)}
    assert [message.id for message in catalogue.missing(known)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_plural_has_the_forms_of_its_language(code: str) -> None:
    known = kept(code)
    for message in entries(known):
        if not isinstance(message.id, str):
            assert len(strings(message)) == known.num_plurals, message.id


@pytest.mark.parametrize("code", LANGUAGES)
def test_places_to_fill_are_the_same(code: str) -> None:
    for message in translated(code):
        wanted = set(PLACES.findall(english(message)[-1]))
        for said in strings(message):
            assert set(PLACES.findall(said)) == wanted, (message.id, said)
            # A lone per cent sign would break a text that has places.
            if wanted:
                assert said % dict.fromkeys(wanted, "x")


def test_a_number_is_told_in_every_russian_form() -> None:
    """The first form also goes with 21, so it cannot say “one”."""
    for message in translated("ru"):
        if not isinstance(message.id, str):
            for said in strings(message):
                assert "%(num)s" in said, message.id


# ── What Russian looks like ──

LAST = re.compile(r"(\.|\?|:|…|!)?[»”]?$")


def ending(text: str) -> str:
    """The mark at the end of a sentence."""
    found = LAST.search(text.strip())
    return (found[1] or "") if found else ""


@pytest.mark.parametrize("code", ["ru"])
def test_russian_ends_its_sentences_as_english_does(code: str) -> None:
    for message in translated(code):
        for said in strings(message):
            assert ending(said) == ending(english(message)[0]), (message.id, said)


def test_russian_is_set_as_russian_is() -> None:
    for message in translated("ru"):
        for said in strings(message):
            assert not re.search(r"[\"“”„]", said), said
            assert said.count("«") == said.count("»"), said
            assert "  " not in said, said
            assert said == said.strip(), said
            assert " - " not in said, said
            assert "—" not in said, f"{said}: the dash of the house is –"
            assert not re.search(r"(?<![.?!:] )(?<!^)(?<!«)\b(Вы|Вас|Вам|Вами|Ваш\w*)\b", said), said


WRONG = {
    r"(?<!как у них )\bдел[оауе]\b|\bделом\b": "кейс",
    r"жертв(а|ы|у|е|ой|ам)\b": "человек, переживший насилие, is a survivor",
    r"фигурант|контингент|спецконтингент|бенефициар": "человек",
    r"убежищ\w+": "шелтер; убежище is asylum",
    r"нелегал\w*": "без документов",
    r"\bпароль\b": "парольная фраза",
    r"кликн|нажмите здесь|пожалуйста": "say what happens",
}
"""Words that are not ours → what is said instead (VOCABULARY)."""

ALLOWED = {"Asylum-seeker", "Asylum on arrival"}


def test_russian_words_are_those_of_caseworkers() -> None:
    for message in translated("ru"):
        if english(message)[0] in ALLOWED or "zxcvbn" in {name for name, _ in message.locations}:
            continue
        for said in strings(message):
            for wrong, right in WRONG.items():
                assert not re.search(wrong, said.casefold()), f"{said}: {right}"


MIXED = re.compile(r"[А-Яа-яЁё][A-Za-z]|[A-Za-z][А-Яа-яЁё]")


def test_no_word_mixes_two_alphabets() -> None:
    """A Latin letter that looks Cyrillic is read wrongly aloud and never found by a search."""
    for message in translated("ru"):
        for said in strings(message):
            assert not MIXED.search(PLACES.sub("", said)), said


def test_one_list_of_words_is_one_order() -> None:
    """The order is that of the files, so that two people who add texts do not collide."""
    names = [message.locations[0][0] for message in entries(texts())]
    ours = [name for name in names if name != "zxcvbn"]
    assert all(before <= after for before, after in pairwise(ours))


# ── Texts that extraction would miss ──


def is_made_up(text: ast.expr) -> bool:
    """Whether a text is put together; a choice between texts that are marked themselves is not."""
    if isinstance(text, ast.IfExp):
        return any(isinstance(one, ast.Constant) or is_made_up(one) for one in (text.body, text.orelse))
    return isinstance(text, ast.JoinedStr | ast.BinOp | ast.BoolOp)


def test_no_text_is_put_together_where_it_is_marked() -> None:
    """`_("a" if x else "b")`, `_(f"…")` and `_("a" + b)` are found by no extraction."""
    wrong = []
    marks = {"_", "N_", "gettext", "ngettext", *catalogue.error_names(), "Problem"}
    for path in sorted(catalogue.PACKAGE.rglob("*.py")):
        name = path.relative_to(catalogue.PACKAGE).as_posix()
        if name.startswith(("cli.py", "demo/")):
            continue
        wrong += [
            f"{name}:{call.lineno} {called}"
            for called, call in catalogue.calls(path, marks)
            if is_made_up(call.args[1] if called == "Problem" and len(call.args) > 1 else call.args[0])
        ]
    assert wrong == []


def test_what_is_refused_is_marked() -> None:
    """The text of a refusal stands third, where nothing else finds it: unmarked, it would stay English."""
    bare = []
    for path in sorted(catalogue.PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "refuse":
                texts = [one for one in node.args[2:3] if isinstance(one, ast.Constant)]
                bare += [f"{path.name}:{one.lineno}: {one.value}" for one in texts]
    assert not bare


def test_no_text_is_put_together_in_a_template() -> None:
    wrong = []
    for path in sorted((catalogue.PACKAGE / "desk" / "templates").rglob("*.html")):
        tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in ("_", "ngettext") and call.args:
                first = call.args[0]
                if isinstance(first, nodes.CondExpr | nodes.Concat | nodes.Add | nodes.Mod | nodes.Or):
                    wrong.append(f"{path.name}:{call.lineno}")
    assert wrong == []


def test_a_catalogue_can_be_begun_and_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that are gone are dropped, translations that hold are kept, even when a plural came of a text."""
    gathered = Catalog(charset="utf-8")
    gathered.add("Stays", locations=[("a.py", 0)])
    gathered.add(("One", "%(num)s"), locations=[("a.py", 0)])
    old = Catalog(locale="ru", charset="utf-8")
    old.add("Stays", "Остаётся")
    old.add("One", "Один")
    old.add("Gone", "Ушло")
    new = catalogue.renewed(gathered, old)
    assert {message.id: message.string for message in entries(new)} == {
        "Stays": "Остаётся",
        ("One", "%(num)s"): ("", "", ""),
    }
    assert b"Gone" not in catalogue.written(new)
    assert catalogue.written(new) == catalogue.written(new)
    assert len(catalogue.missing(new)) == 1
