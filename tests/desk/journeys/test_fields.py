"""Every declared field stands on a page: in the form or on the finished record of its kind."""

from waystation.desk import web
from waystation.records import REGISTRY


def stands(kind: str) -> tuple[list[str], list[str]]:
    """Fields that the page of a kind asks for, and fields that it only shows."""
    asked: list[str] = []
    shown: list[str] = []

    def field(name: str, help: str | None = None) -> str:
        asked.append(name)
        return ""

    def by(name: str) -> str:
        shown.append(name)
        return ""

    def group(title: str, caller: object = None) -> str:
        assert title
        return str(caller()) if callable(caller) else ""

    template = web._templates.get_template(f"kinds/{kind}.html")
    template.render(f=field, by=by, group=group, _=lambda text: text)
    return asked, shown


def test_every_field_of_every_kind_stands_on_its_page_once() -> None:
    for kind, spec in REGISTRY.items():
        asked, shown = stands(kind)
        declared = [name for name, field in spec.fields.items() if not field.hidden]
        assert sorted(asked + shown) == sorted(declared), kind


def test_what_must_be_filled_in_is_asked_for() -> None:
    """A required field that no form asks for would make the form useless; those below are written by the program."""
    own = {"reveal", "access", "organisation", "passage", "saved_filter"}
    filled = {("file", "media_type"), ("file", "size"), ("file", "added")}
    filled |= {("task_slip", "made"), ("conversation", "noted")}
    for kind, spec in REGISTRY.items():
        asked, _ = stands(kind)
        for name, field in spec.fields.items():
            if field.required and not field.hidden and kind not in own and (kind, name) not in filled:
                assert name in asked, (kind, name)
