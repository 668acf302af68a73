"""A pytest plugin: no room that could read an entry can be imported (`-p tests.relay.blocking`)."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

ROOMS = Path(__file__).resolve().parents[2] / "src" / "waystation"
MAY_USE = {"relay", "httpsig", "verify", "wire", "derive", "clock", "ids", "limits", "errors"}
BLOCKED = frozenset(
    f"waystation.{path.stem}"
    for path in ROOMS.iterdir()
    if path.stem not in MAY_USE and not path.name.startswith("__") and path.name not in ("py.typed", "locale")
)


class Blocker(MetaPathFinder):
    """Refuses the rooms by name."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if ".".join(name.split(".")[:2]) in BLOCKED:
            raise ImportError(f"{name} is not for the relay")
        return None


assert not BLOCKED & set(sys.modules), "blocked too late"
assert {"waystation.book", "waystation.unseal", "waystation.office", "waystation.sync"} <= BLOCKED
sys.meta_path.insert(0, Blocker())
