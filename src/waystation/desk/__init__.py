"""The desk: the staff's pages, in a throw-away browser, on 127.0.0.1 only.

Guarantees: nobody but the browser that the desk opened can speak to it (`security`); what is typed is read in memory
only (`forms`), is escaped wherever it is shown, and is never lost when the desk locks (`session`, `office.drafts`);
pages ask the office and the views, and nothing else (`pages`, `web`). It holds no rule of the work.
"""
