"""MessagePack as spec/README.md W1–W3 allows it, read by hand.

Refuses, naming the rule: a wrong type, a wrong count, a trailing byte, an unknown element, more
than 16 MiB, a newer version. It checks every length before it believes it. What people wrote may
hold any value of MessagePack; OpenReader reads that.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Value = int | bytes | str | list["Value"] | None
Shape = Callable[[Value], Value]

LARGEST: Final = 16 * 1024 * 1024
DEEPEST: Final = 8


class Refused(Exception):
    """The bytes break a rule of the specification."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class Newer(Refused):
    """The bytes are of a version that this reader does not know."""

    def __init__(self) -> None:
        super().__init__("W2")


def need(holds: bool, rule: str) -> None:
    """Refuse, for the named rule, what does not hold."""
    if not holds:
        raise Refused(rule)


class Reader:
    """A place in the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        need(count <= len(self.data) - self.at, "W3")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(count), "big", signed=signed)

    def text(self, count: int) -> str:
        try:
            return self.take(count).decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("W3") from None

    def many(self, count: int, depth: int) -> list[Value]:
        # Every element is a byte at least.
        need(count <= len(self.data) - self.at, "W3")
        return [self.value(depth + 1) for _ in range(count)]

    def value(self, depth: int = 0) -> Value:
        need(depth <= DEEPEST, "W3")
        kind = self.number(1)
        if kind <= 0x7F:
            return kind
        if kind >= 0xE0:
            return kind - 0x100
        if 0x90 <= kind <= 0x9F:
            return self.many(kind & 0x0F, depth)
        if 0xA0 <= kind <= 0xBF:
            return self.text(kind & 0x1F)
        if kind == 0xC0:
            return None
        if 0xC4 <= kind <= 0xC6:
            return self.take(self.number(1 << (kind - 0xC4)))
        if 0xCC <= kind <= 0xCF:
            return self.number(1 << (kind - 0xCC))
        if 0xD0 <= kind <= 0xD3:
            return self.number(1 << (kind - 0xD0), signed=True)
        if 0xD9 <= kind <= 0xDB:
            return self.text(self.number(1 << (kind - 0xD9)))
        if 0xDC <= kind <= 0xDD:
            return self.many(self.number(2 << (kind - 0xDC)), depth)
        # Maps, floats, booleans and extensions stand in no structure of the book.
        raise Refused("W3")


@dataclass(frozen=True)
class Float:
    """A float, and its bytes: a float of 32 bits is another value than the same number in 64."""

    stored: bytes

    @property
    def number(self) -> float:
        """What it counts; perhaps no finite number."""
        found: float = struct.unpack(">f" if len(self.stored) == 4 else ">d", self.stored)[0]
        return found


@dataclass(frozen=True)
class Map:
    """A map's pairs as they stand."""

    pairs: tuple[tuple["Open", "Open"], ...]


@dataclass(frozen=True)
class Extension:
    """An extension type and its bytes."""

    code: int
    data: bytes


@dataclass(frozen=True)
class Broken:
    """Text whose bytes are no UTF-8."""

    data: bytes


Open = int | bool | bytes | str | Float | Map | Extension | Broken | list["Open"] | None


class OpenReader(Reader):
    """A place in bytes that hold values of any kind, nested at most `deepest` arrays and maps in one another."""

    def __init__(self, data: bytes, deepest: int, rule: str) -> None:
        super().__init__(data)
        self._deepest = deepest
        self._rule = rule

    def array(self, rule: str) -> int:
        """The count of elements of an array that must stand here."""
        kind = self.number(1)
        need(0x90 <= kind <= 0x9F or kind in (0xDC, 0xDD), rule)
        count = kind & 0x0F if kind <= 0x9F else self.number(2 << (kind - 0xDC))
        need(count <= len(self.data) - self.at, "W3")
        return count

    def open(self, depth: int = 0) -> Open:
        """The value that stands here; `depth` arrays and maps are around it."""
        kind = self.data[self.at] if self.at < len(self.data) else 0
        if 0x80 <= kind <= 0x8F or kind in (0xDE, 0xDF):
            need(depth < self._deepest, self._rule)
            self.take(1)
            count = kind & 0x0F if kind <= 0x8F else self.number(2 << (kind - 0xDE))
            need(2 * count <= len(self.data) - self.at, "W3")
            return Map(tuple((self.open(depth + 1), self.open(depth + 1)) for _ in range(count)))
        if 0x90 <= kind <= 0x9F or kind in (0xDC, 0xDD):
            need(depth < self._deepest, self._rule)
            return [self.open(depth + 1) for _ in range(self.array("W3"))]
        if 0xA0 <= kind <= 0xBF or 0xD9 <= kind <= 0xDB:
            self.take(1)
            stored = self.take(kind & 0x1F if kind <= 0xBF else self.number(1 << (kind - 0xD9)))
            try:
                return stored.decode("utf-8")
            except UnicodeDecodeError:
                return Broken(stored)
        if kind in (0xC2, 0xC3):
            return self.take(1) == b"\xc3"
        if kind in (0xCA, 0xCB):
            self.take(1)
            return Float(self.take(4 << (kind - 0xCA)))
        if 0xC7 <= kind <= 0xC9 or 0xD4 <= kind <= 0xD8:
            self.take(1)
            size = self.number(1 << (kind - 0xC7)) if kind <= 0xC9 else 1 << (kind - 0xD4)
            return Extension(self.number(1, signed=True), self.take(size))
        # What is left is nil, an integer or bytes: nothing nests in it.
        found = self.value()
        assert found is None or isinstance(found, int | bytes)
        return found


def integer(low: int, high: int) -> Shape:
    """An integer from low to high, both included."""

    def check(value: Value) -> Value:
        need(type(value) is int and low <= value <= high, "W3")
        return value

    return check


def binary(size: int | None = None) -> Shape:
    """Bytes, of one size if given."""

    def check(value: Value) -> Value:
        need(isinstance(value, bytes) and size in (None, len(value)), "W3")
        return value

    return check


def text(*allowed: str) -> Shape:
    """Text, one of those allowed if any are named."""

    def check(value: Value) -> Value:
        need(isinstance(value, str) and (not allowed or value in allowed), "W3")
        return value

    return check


def every(shape: Shape) -> Shape:
    """An array of any length, every element of one shape."""

    def check(value: Value) -> Value:
        need(isinstance(value, list), "W3")
        assert isinstance(value, list)
        return [shape(element) for element in value]

    return check


def row(*shapes: Shape) -> Shape:
    """An array of exactly these shapes."""

    def check(value: Value) -> Value:
        need(isinstance(value, list) and len(value) == len(shapes), "W3")
        assert isinstance(value, list)
        return [shape(element) for shape, element in zip(shapes, value, strict=True)]

    return check


def either(shapes: dict[str, Shape]) -> Shape:
    """An array that its first element, a name, tells apart from others."""

    def check(value: Value) -> Value:
        need(isinstance(value, list) and len(value) > 0 and isinstance(value[0], str), "W3")
        assert isinstance(value, list)
        assert isinstance(value[0], str)
        need(value[0] in shapes, "W3")
        return shapes[value[0]](value)

    return check


def structure(data: bytes, *shapes: Shape, version: int = 1) -> list:  # type: ignore[type-arg]  # the caller knows
    """The elements after the version of a structure of this version."""
    need(len(data) <= LARGEST, "W3")
    reader = Reader(data)
    value = reader.value()
    need(isinstance(value, list) and len(value) > 0 and type(value[0]) is int, "W3")
    assert isinstance(value, list)
    found = value[0]
    assert isinstance(found, int)
    need(1 <= found <= 127, "W2")
    if found > version:
        raise Newer
    need(reader.at == len(data), "W3")
    checked = row(integer(version, version), *shapes)(value)
    assert isinstance(checked, list)
    return checked[1:]
