"""Tables: accepted changes laid out for reading. A function of the log's prefix and of the day; no page writes here.

schema    the SQL tables that the declared kinds give
tables    applying, laying unsent saves over, rebuilding
present   what is true of a case or a request now, in one row each
search    the full-text index
drafts    half-written forms; they never leave the desk
"""

from waystation.tables.drafts import Draft, Drafts
from waystation.tables.search import Found, search
from waystation.tables.tables import Tables

__all__ = ["Draft", "Drafts", "Found", "Tables", "search"]
