"""How this desk stands with the others, in the few words that stand on every page (spec/sync.md S21)."""

from collections.abc import Mapping
from typing import Final

from waystation.clock import HOUR_MS
from waystation.desk import formats
from waystation.desk.i18n import Language
from waystation.office import syncing
from waystation.office.desk import Desk

_MINUTE_MS: Final = HOUR_MS // 60


def told(desk: Desk, language: Language) -> Mapping[str, object]:
    """What `_status.html` shows; `connected` is False where there are no others, and most of it is empty then."""
    _, standing = language.gettext, syncing.status(desk)
    return {
        "connected": standing.connected,
        "contact_state": state(desk),
        "saved_text": _("Saved here") if standing.connected else _("All saved on this desk"),
        "sent_text": _sent(standing, language) if standing.connected else "",
        "heard_text": heard(standing.heard_ms, desk.now_ms(), language) if standing.connected else "",
        "sync_needs_attention": standing.needs_person,
    }


def state(desk: Desk) -> str:
    """Names what a page shows of the others' saves and of the relay, so that it asks again only when that changed."""
    return f"{desk.contact.heard}.{desk.contact.turns}"


def heard(heard_ms: int | None, now_ms: int, language: Language) -> str:
    """When another desk was last heard, in words."""
    if heard_ms is None:
        return language.gettext("not heard from the others yet")
    minutes = max(0, (now_ms - heard_ms) // _MINUTE_MS)
    if minutes < 1:
        return language.gettext("just heard from the others")
    if minutes < 60:
        return language.ngettext(
            "last heard from the others a minute ago", "last heard from the others %(num)s minutes ago", minutes
        )
    if minutes < 24 * 60:
        return language.ngettext(
            "last heard from the others an hour ago", "last heard from the others %(num)s hours ago", minutes // 60
        )
    return language.ngettext(
        "last heard from the others a day ago", "last heard from the others %(num)s days ago", minutes // (24 * 60)
    )


def _sent(standing: syncing.Status, language: Language) -> str:
    _ = language.gettext
    if standing.needs_person:
        return _("the relay needs a decision")
    if standing.progress is not None and standing.progress[0] < standing.progress[1]:
        done, of = (formats.format_amount(number, language) for number in standing.progress)
        return _("catching up: %(done)s of %(all)s", done=done, all=of)
    if standing.unsent:
        return language.ngettext("one entry not sent yet", "%(num)s entries not sent yet", standing.unsent)
    return _("sent")
