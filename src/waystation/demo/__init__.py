"""The demo: an operation, told as dated events in a file, is played through the real office into a throw-away book.

Guarantees: it writes through the office and reads through the views, like the pages, and has no other way in; all its
people are synthetic; published figures stand beside their sources, contradictions and all. docs/operations.md tells how
a file is written.

    reading     reads and checks a file into an   operation;   format   declares what may stand in one
    player      plays it;   stage   its clock, its people, and what waits to happen
    asking_events, case_events, care, office_events   what happens
    people      synthetic people, drawn by   chance
    company     two more desks and a relay
    show        the figures, and where to look
"""

from waystation.demo.clock import OperationClock
from waystation.demo.company import CALLED, Company, gather
from waystation.demo.operation import Operation
from waystation.demo.player import play
from waystation.demo.reading import SHIPPED, load
from waystation.demo.show import headless, summary, table, where_to_look

__all__ = [
    "CALLED",
    "SHIPPED",
    "Company",
    "Operation",
    "OperationClock",
    "gather",
    "headless",
    "load",
    "play",
    "summary",
    "table",
    "where_to_look",
]
