"""Waystation: the end-to-end encrypted desk from which small organisations bring persecuted people to safety.

A request for help is taken down, checked, and becomes a case; the case is hidden, gets a route, applies, is refused or
granted, travels, arrives. Everything that is known of it is one signed, encrypted log: the *book*.

Three programs, blind to one another, share this package. Today two of them exist:

    desk    the staff's pages, on 127.0.0.1 only                     `waystation desk`
    relay   a server of ciphertext that several desks share          `waystation relay`
    door    the public page on which help is asked for               (to come)

Where to start reading, from the ground up; imports point down, and a check refuses any other:

    cli, assemble     commands; the only place where real clock, randomness, files and browser are plugged in
    desk              pages: one module a page; they speak only to `office` and `views`
    office            everything staff can do; a function checks the role, decides, and returns ONE save
    views             read models: SQL over the tables; counting lives here
    tables            accepted changes become typed tables and a search index
    records, roles …  knowledge: what is kept, declared once; pure functions
    sync              between this desk's log and a relay's: pull, push, what a lie looks like
    book              the log: entries, roster, folders and their keys, files, one encrypted SQLite file
    vault             the passphrase and what it guards
    seal, unseal, sign, verify, httpsig, derive, wire, words, clock, ids, limits, errors    the ground

`docs/architecture.md` walks one request through all of it. `spec/` turns the rules into bytes.
"""

__version__ = "0.1.0"
