"""Sources with their texts: kept whole, once, with their original; words marked where they stand; origins counted."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from tests.office.kit import added, day, done, problems, shown

from waystation.errors import BadInput
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import casework, testimony, undo
from waystation.office.desk import Desk
from waystation.office.testimony import Kept
from waystation.office.tray import Attachment
from waystation.records import Amount, Moment, Save, Write
from waystation.records.choices import CitationRelation
from waystation.records.values import Money
from waystation.views import sources
from waystation.views.sources import Filter, Resting

ARTICLE = next((Path(__file__).resolve().parents[3] / "shared" / "articles").glob("*.txt"))


@pytest.fixture
def office(desk: Desk) -> FolderId:
    return desk.folder(FolderType.OFFICE)


def keep(desk: Desk, content: bytes, name: str = "", **fields: str) -> Kept:
    """Keeps a text as a page would."""
    original = Attachment(name or testimony.PASTED, "text/plain", content)
    kept = testimony.keep_source(desk, desk.folder(FolderType.OFFICE), {"type": "article", **fields}, original)
    desk.save_all(kept.saves, kept.sealed)
    return kept


def text(desk: Desk, source: RecordId) -> list[str]:
    found = sources.source(desk.reader, desk.folder(FolderType.OFFICE), source)
    assert found is not None
    return [paragraph.text for paragraph in found.paragraphs]


def test_an_article_is_kept_with_its_original(desk: Desk, office: FolderId) -> None:
    content = ARTICLE.read_bytes()
    kept = keep(desk, content, ARTICLE.name, publisher="Gay Times")
    lines = [line for line in content.decode().splitlines() if line.strip()]
    assert text(desk, kept.source) == lines[:17]
    assert (kept.kept, kept.left_out) == (17, 10)
    fields = shown(desk, office, "source", kept.source)
    assert (fields["title"], fields["publisher"]) == (lines[0], "Gay Times")
    file = shown(desk, office, "file", fields["original"])  # type: ignore[arg-type]  # a link is bytes
    assert file["sha256"] == sha256(content).hexdigest()
    assert file["name"] == ARTICLE.name
    left = testimony.left_out(desk, office, kept.source)
    assert [line.text for line in left] == lines[17:]


def test_what_was_left_out_is_put_back_in_its_place(desk: Desk, office: FolderId) -> None:
    kept = keep(
        desk, b"Home\nNews\nWorld\nThe headline of the day\nThe first sentence stands here.\nThe second one too."
    )
    assert text(desk, kept.source)[0] == "The headline of the day"
    first = testimony.left_out(desk, office, kept.source)[1]
    done(desk, testimony.put_back(desk, office, kept.source, {first.place}))
    assert text(desk, kept.source)[:2] == ["News", "The headline of the day"]
    assert [line.text for line in testimony.left_out(desk, office, kept.source)] == ["Home", "World"]
    with pytest.raises(BadInput):
        testimony.put_back(desk, office, kept.source, {first.place, 4, 999})


def test_a_passage_that_is_struck_out_can_be_put_back(desk: Desk, office: FolderId) -> None:
    kept = keep(desk, b"The first sentence stands here.\nThe second one too.")
    found = sources.source(desk.reader, office, kept.source)
    assert found is not None
    done(desk, undo.strike(desk, office, "passage", found.paragraphs[0].record))
    assert text(desk, kept.source) == ["The second one too."]
    done(desk, testimony.put_back(desk, office, kept.source, {1}))
    assert text(desk, kept.source) == ["The first sentence stands here.", "The second one too."]


def test_the_same_original_is_not_kept_twice(desk: Desk, office: FolderId) -> None:
    kept = keep(desk, b"One sentence, which is the same.")
    with pytest.raises(BadInput) as refused:
        keep(desk, b"One sentence, which is the same.")
    assert problems(refused) == {"file": "kept_already"}
    assert (
        sources.kept_as(desk.reader, office, testimony.fingerprint(b"One sentence, which is the same.")) == kept.source
    )
    keep(desk, b"One sentence, which is another.")


def test_a_long_text_is_kept_whole(desk: Desk) -> None:
    lines = [f"Предложение номер {number}, и в нём {'много слов, ' * 30}и конец." for number in range(600)]
    kept = keep(desk, "\n".join(lines).encode())
    assert len(kept.saves) > 3
    assert text(desk, kept.source) == lines


def test_passages_are_found_by_their_words(desk: Desk, office: FolderId) -> None:
    kept = keep(desk, "Задержанных держали в подвале.\nИх избивали каждый день.".encode(), title="Рассказ")
    (row,) = sources.search(desk.reader, office, "подвале")
    assert row.shown.record == kept.source
    (hit,) = [hit for hit in desk.reader.search("избивали") if hit.kind == "passage"]
    assert sources.passage(desk.reader, office, hit.record) == (kept.source, 2)


def marked(desk: Desk, source: RecordId, number: int, words: str, **claim: object) -> RecordId:
    """Marks a claim in the n-th paragraph; the id of the citation."""
    office = desk.folder(FolderType.OFFICE)
    found = sources.source(desk.reader, office, source)
    assert found is not None
    passage = found.paragraphs[number - 1].record
    fields = {"subject": "detained", "statement": words, **claim}
    save = testimony.testify(desk, office, fields, source, {"relation": "says", "passage": passage, "words": words})  # type: ignore[arg-type]  # the test's own fields
    return done(desk, save).writes[-1].record


def test_marked_words_stand_where_they_were_said(desk: Desk, office: FolderId) -> None:
    kept = keep(desk, b"About 100 men were taken, and 3 of them were killed.\nNobody was told.")
    marked(desk, kept.source, 1, "About 100 men were taken")
    marked(desk, kept.source, 1, "men were taken, and 3 of them were killed")
    page = sources.source(desk.reader, office, kept.source)
    assert page is not None
    assert [(piece.text, piece.marks, piece.ends) for piece in page.paragraphs[0].pieces] == [
        ("About 100 ", (1,), ()),
        ("men were taken", (1, 2), (1,)),
        (", and 3 of them were killed", (2,), (2,)),
        (".", (), ()),
    ]
    assert "".join(piece.text for piece in page.paragraphs[0].pieces) == page.paragraphs[0].text


def test_words_must_stand_in_the_paragraph(desk: Desk, office: FolderId) -> None:
    kept = keep(desk, b"About 100 men were taken from here.\nNobody was told of it.")
    other = keep(desk, b"Another text with words of its own.")
    with pytest.raises(BadInput) as refused:
        marked(desk, kept.source, 1, "200 men")
    assert problems(refused) == {"words": "not_there"}
    page = sources.source(desk.reader, office, other.source)
    assert page is not None
    citation = {"relation": "says", "passage": page.paragraphs[0].record, "words": "Another text"}
    with pytest.raises(BadInput) as refused:
        testimony.testify(desk, office, {"subject": "other", "statement": "x y"}, kept.source, citation)
    assert problems(refused) == {"passage": "other_source"}
    with pytest.raises(BadInput) as refused:
        testimony.testify(
            desk, office, {"subject": "other", "statement": "x y"}, other.source, {**citation, "words": None}
        )
    assert problems(refused) == {"words": "required"}


def test_one_claim_is_marked_at_two_places_but_not_twice_at_one(desk: Desk, office: FolderId) -> None:
    kept = keep(desk, b"They took 100 men away.\nIt is true: they took 100 men away.")
    citation = marked(desk, kept.source, 1, "took 100 men")
    claim = shown(desk, office, "citation", citation)["claim"]
    page = sources.source(desk.reader, office, kept.source)
    assert page is not None
    assert isinstance(claim, bytes)
    again = {"relation": "says", "passage": page.paragraphs[1].record, "words": "took 100 men"}
    done(desk, testimony.testify(desk, office, RecordId(claim), kept.source, again))
    with pytest.raises(BadInput) as refused:
        testimony.testify(desk, office, RecordId(claim), kept.source, again)
    assert problems(refused) == {"source": "cited_already"}
    (group,) = sources.claims(desk.reader, office)
    assert (group.claims[0].sources, group.claims[0].independent) == (1, 1)


def test_words_that_are_no_longer_there_are_said_to_be_lost(desk: Desk, office: FolderId) -> None:
    kept = keep(desk, b"They took 100 men away.\nNobody was told of it.")
    marked(desk, kept.source, 1, "took 100 men")
    page = sources.source(desk.reader, office, kept.source)
    assert page is not None
    assert not page.lost
    passage = page.paragraphs[0].record
    with pytest.raises(BadInput):
        undo.strike(desk, office, "passage", passage)
    # What this desk refuses, another that did not know of the mark may have done.
    gone = {"struck": Moment(desk.now_ms(), desk.zone())}
    desk.save(Save((Write(office, FolderType.OFFICE, "passage", passage, gone),)))
    page = sources.source(desk.reader, office, kept.source)
    assert page is not None
    assert [mark.citation.fields["words"] for mark in page.lost] == ["took 100 men"]


def told(forest: Sequence[Resting]) -> list[object]:
    return [(one.source.fields["title"], *told(one.resting)) for one in forest]


def cited(desk: Desk, claim: RecordId, title: str, relation: str, behind: RecordId | None = None) -> RecordId:
    office = desk.folder(FolderType.OFFICE)
    source = added(desk, office, "source", title=title, type="article", relies_on=behind)
    done(desk, testimony.testify(desk, office, claim, source, {"relation": relation}))
    return source


def test_which_source_rests_on_which(desk: Desk, office: FolderId) -> None:
    claim = added(desk, office, "claim", subject="detained", statement="100 were detained.", figure=Amount(100, 100))
    interview = added(desk, office, "source", title="Interview", type="person")
    first = cited(desk, claim, "Paper", "quotes", interview)
    cited(desk, claim, "Agency", "repeats", first)
    cited(desk, claim, "Blog", "repeats")
    page = sources.claim(desk.reader, office, claim)
    assert page is not None
    assert (page.claim.sources, page.claim.independent) == (3, 1)
    assert told(page.forest) == [("Interview", ("Paper", ("Agency",))), ("Blog",)]
    cited(desk, claim, "Witness", "says")
    page = sources.claim(desk.reader, office, claim)
    assert page is not None
    assert (page.claim.sources, page.claim.independent) == (4, 2)
    of_paper = sources.source(desk.reader, office, first)
    assert of_paper is not None
    assert of_paper.tree is not None
    assert told([of_paper.tree]) == [("Interview", ("Paper", ("Agency",)))]


def test_who_only_repeats_somebody_unknown_is_one_origin_at_most(desk: Desk, office: FolderId) -> None:
    claim = added(desk, office, "claim", subject="other", statement="Something happened.")
    for title in ("One", "Two", "Three"):
        cited(desk, claim, title, "repeats")
    (group,) = sources.claims(desk.reader, office)
    assert (group.claims[0].sources, group.claims[0].independent) == (3, 1)
    cited(desk, claim, "Ministry", "denies")
    (group,) = sources.claims(desk.reader, office)
    assert group.contradictory
    assert (group.claims[0].sources, [row.source.fields["title"] for row in group.claims[0].against]) == (
        3,
        ["Ministry"],
    )


def test_figures_are_drawn_on_one_scale(desk: Desk, office: FolderId) -> None:
    for figure in (Amount(90, 110, "about 100"), Amount(28, None, "over 27"), Amount(None, 55)):
        added(desk, office, "claim", subject="detained", statement="So many.", figure=figure)
    added(desk, office, "claim", subject="detained", statement="A sum.", sum=Money(500, "EUR"))
    (group,) = sources.claims(desk.reader, office)
    drawn = [(row.drawn.sure, row.drawn.perhaps) for row in group.claims if row.drawn]
    assert drawn == [(69.55, 15.45), (21.64, 78.36), (0.0, 42.5), (85.0, 0.0)]


def test_claims_like_the_marked_words_are_proposed(desk: Desk, office: FolderId) -> None:
    hundred = added(
        desk, office, "claim", subject="detained", statement="About 100 men were detained.", figure=Amount(100, 100)
    )
    added(desk, office, "claim", subject="received", statement="Money came in spring from abroad.")
    found = sources.similar(desk.reader, office, "around 100 men had been rounded up by police and detained")
    assert [one.record for one in found] == [hundred]
    assert sources.similar(desk.reader, office, "the weather stayed cold") == ()


def test_the_list_is_narrowed_and_paged(desk: Desk, office: FolderId) -> None:
    made = [
        added(desk, office, "source", title=f"S{number}", type=kind, publisher=publisher, published=published)
        for number, (kind, publisher, published) in enumerate(
            [
                ("article", "Gazette", day("2017-04-01")),
                ("article", "Herald", day("2017-05-17")),
                ("person", None, None),
                ("article", "Gazette", day("2016-01-01")),
            ]
        )
    ]
    everything = sources.sources(desk.reader, office)
    assert [row.shown.fields["title"] for row in everything.rows] == ["S2", "S1", "S0", "S3"]
    pages, after = [], None
    while True:
        page = sources.sources(desk.reader, office, after=after, limit=1)
        pages += [row.shown.fields["title"] for row in page.rows]
        if (after := page.next) is None:
            break
    assert pages == ["S2", "S1", "S0", "S3"]

    def titles(**wanted: object) -> list[object]:
        rows = sources.sources(desk.reader, office, Filter(**wanted)).rows  # type: ignore[arg-type]  # the test's own
        return [row.shown.fields["title"] for row in rows]

    assert titles(type="person") == ["S2"]
    assert titles(publisher=made[3]) == ["S0", "S3"]
    assert titles(year="2017") == ["S1", "S0"]
    assert titles(year="none") == ["S2"]
    assert titles(publisher=made[0], year="2016") == ["S3"]
    assert sources.years(desk.reader, office) == ("2017", "2016")
    assert [name for name, _ in sources.publishers(desk.reader, office)] == ["Gazette", "Herald"]
    with pytest.raises(BadInput):
        sources.sources(desk.reader, office, after="nonsense")


def test_a_text_of_a_source_is_not_changed_by_hand(desk: Desk, office: FolderId) -> None:
    kept = keep(desk, b"They took 100 men away.\nNobody was told of it.")
    page = sources.source(desk.reader, office, kept.source)
    assert page is not None
    with pytest.raises(BadInput):
        casework.amend(desk, office, "passage", page.paragraphs[0].record, {"words": "They took nobody."})
    with pytest.raises(BadInput):
        casework.amend(desk, office, "source", kept.source, {"original": None})
    assert CitationRelation.DENIES == "denies"
