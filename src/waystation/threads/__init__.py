"""Chat threads, pasted or exported, from Signal, WhatsApp and Telegram: who wrote, when, what.

Guarantees: never raises; never loses a word. What cannot be read as a message stands as text in the message before it;
text that is no thread is one message. Where a date can be read in two ways, the thread says so (`unclear`).
"""

from typing import Final

from waystation.threads import copied, exported
from waystation.threads.copied import by_ourselves
from waystation.threads.model import App, Message, Setting, Thread
from waystation.threads.packed import unpacked

_ENCODINGS: Final = ("utf-8-sig", "utf-16", "cp1251", "latin-1")


def read(text: str, setting: Setting) -> tuple[Thread, ...]:
    """The threads in a text that was pasted, or in a file's text; at least one."""
    start = text.lstrip("\ufeff \n\r\t")[:1]
    found: tuple[Thread, ...] = ()
    if start == "{":
        found = exported.from_json(text, setting)
    elif start == "<":
        found = exported.from_html(text.encode("utf-8", "replace"), setting)
    return found or (copied.read(text, setting),)


def decode(content: bytes) -> str:
    """The text of a file, whichever of the usual encodings it has."""
    for encoding in _ENCODINGS:
        if encoding == "utf-16" and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")


__all__ = ["App", "Message", "Setting", "Thread", "by_ourselves", "decode", "read", "unpacked"]
