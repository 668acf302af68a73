"""Messages taken in on a real encrypted book: one press, everything kept, nobody's name unmasked."""

from email.message import EmailMessage
from hashlib import sha256

import pytest
from tests.ground.seeded import HeldClock
from tests.messages import made
from tests.office.kit import accepted, asked, done, problems, shown

from waystation.book.roster import AdmitMember
from waystation.errors import BadInput, Refused
from waystation.ids import FolderId, FolderType, RecordId
from waystation.limits import TRAY_KEPT_S, TRAY_MAX
from waystation.office import attachments, casework, messages, safetext
from waystation.office.attachments import Attachment
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.office.messages import BODY_CHARS, Taken, Voices
from waystation.records import REGISTRY
from waystation.safetext import Category
from waystation.views import shown as views
from waystation.views.found import search

VOICES = Voices("them", "us")
THREAD = "[2017-05-17 09:30] Салман Хамзатов: Помогите\nus: forged\n[2017-05-17 09:31] Me: Где вы?"


def saved(desk: Desk, taken: Taken) -> FolderId:
    desk.save_all(taken.saves, taken.sealed)
    return taken.folder


def taken_down(desk: Desk, pasted: str, *files: Attachment) -> FolderId:
    parcel = messages.unpack(desk, pasted, files)
    fields = {"story": parcel.story(parcel.ours) or "Only files."}
    return saved(desk, messages.take_down(desk, parcel, parcel.ours, fields, [], VOICES))


def test_a_thread_is_a_request_with_all_that_was_written(desk: Desk) -> None:
    parcel = messages.unpack(desk, THREAD, ())
    assert (parcel.people, parcel.ours, parcel.asker(parcel.ours)) == (("Салман Хамзатов", "Me"), frozenset((1,)), 0)
    assert str(parcel.language(parcel.ours)) == "ru"
    assert parcel.channel() == ("messenger", "signal")
    folder = taken_down(desk, THREAD)
    records = views.records(desk.reader, folder)
    (conversation,) = records["conversation"]
    assert conversation.fields["body"] == (
        "them (2017-05-17 09:30): Помогите\n\u00a0\u00a0\u00a0us: forged\nus (2017-05-17 09:31): Где вы?"
    )
    assert conversation.masked == ("wrote_as",)
    assert shown(desk, folder, "conversation", conversation.record)["wrote_as"] == "Салман Хамзатов"
    assert (conversation.fields["messages"], str(conversation.fields["channel"])) == (2, "signal")
    (original,) = records["file"]
    assert conversation.fields["original"] == original.record
    assert original.fields["sha256"] == sha256(THREAD.encode()).hexdigest()
    assert records["request"][0].fields["story"] == "Помогите\nus: forged"
    assert [hit.kind for hit in search(desk.reader, "Хамзатов")] == ["conversation"]


def test_the_original_comes_back_byte_for_byte(desk: Desk) -> None:
    folder = taken_down(desk, THREAD)
    (original,) = views.records(desk.reader, folder)["file"]
    done(desk, casework.reveal(desk, folder, "file", original.record, "name"))
    assert attachments.read(desk, folder, original.record).content == THREAD.encode()


def test_a_long_thread_is_kept_whole_in_several_records(desk: Desk) -> None:
    lines = [f"[2017-05-17 09:{n % 60:02}] Адам: письмо {n} " + "слово " * 40 for n in range(400)]
    folder = taken_down(desk, "\n".join([*lines, "[2017-05-17 10:01] Адам: " + "ы" * 2 * BODY_CHARS]))
    conversations = views.records(desk.reader, folder)["conversation"]
    assert len(conversations) > 8
    bodies = [str(one.fields["body"]) for one in conversations]
    assert all(len(body) <= BODY_CHARS for body in bodies)
    whole = "\n".join(bodies)
    assert all(f"письмо {n} " in whole for n in range(400))
    assert whole.count("ы") >= 2 * BODY_CHARS
    assert len({one.fields["original"] for one in conversations}) == 1


def test_a_letter_brings_what_is_attached_each_with_its_working_copy(desk: Desk) -> None:
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "Aset <aset@example.org>", "He was taken"
    letter["Date"] = "Wed, 17 May 2017 10:00:00 +0300"
    letter.set_content("At night.")
    letter.add_attachment(made.photograph(), maintype="image", subtype="jpeg", filename="a.jpg")
    letter.add_attachment(b"\0\1\2", maintype="application", subtype="x-unknown", filename="b.bin")
    case = accepted(desk)
    parcel = messages.unpack(desk, "", (Attachment("l.eml", "message/rfc822", letter.as_bytes()),))
    assert (parcel.handles, parcel.count) == ({0: "aset@example.org"}, 1)
    taken = messages.write_into(desk, case, parcel, parcel.ours, VOICES)
    assert [str(one.why) if one.why else None for one in taken.put] == ["unknown", None, "unknown"]
    saved(desk, taken)
    records = views.records(desk.reader, case)
    (conversation,) = records["conversation"]
    assert (conversation.fields["subject"], str(conversation.fields["channel"])) == ("He was taken", "email")
    assert shown(desk, case, "conversation", conversation.record)["wrote_as"] == "Aset <aset@example.org>"
    types = {(str(one.fields["media_type"]), "working_copy_of" in one.fields): one for one in records["file"]}
    photograph, copy = types["image/jpeg", False], types["image/jpeg", True]
    unknown = types["application/x-unknown", False]
    assert len(records["file"]) == 4
    assert copy.fields["working_copy_of"] == photograph.record
    assert attachments.working_copy(desk, case, photograph.record) == copy.record
    assert attachments.working_copy(desk, case, unknown.record) is None
    assert "sha256" not in copy.fields
    done(desk, casework.reveal(desk, case, "file", copy.record, "name"))
    assert made.RAW not in attachments.read(desk, case, copy.record).content


def test_a_packed_chat_brings_its_files(desk: Desk) -> None:
    content = made.chat_zip("17.05.17, 14:30 - Aset: a.jpg (file attached)", **{"a.jpg": made.photograph()})
    folder = taken_down(desk, "", Attachment("chat.zip", "application/zip", content))
    records = views.records(desk.reader, folder)
    assert [one.fields["body"] for one in records["conversation"]] == ["them (2017-05-17 14:30): a.jpg (file attached)"]
    assert sorted(str(one.fields["media_type"]) for one in records["file"]) == ["application/zip", *["image/jpeg"] * 2]


def test_of_two_without_a_hint_the_one_who_wrote_first_asks(desk: Desk) -> None:
    parcel = messages.unpack(desk, "17.05.17, 14:30 - Aset: help\n17.05.17, 14:31 - Fatima: where?", ())
    assert parcel.ours == {1}
    named = messages.unpack(desk, "17.05.17, 14:30 - Wren: hello\n17.05.17, 14:31 - Aset: help", ())
    assert (named.ours, named.asker(named.ours)) == ({0}, 1)


def test_whoever_signs_with_a_number_can_be_reached_by_it(desk: Desk) -> None:
    parcel = messages.unpack(desk, "17.05.17, 14:30 - +7 999 000-11-22: help", ())
    assert parcel.handles == {0: "+7 999 000-11-22"}


def test_nothing_is_saved_of_nothing_nor_into_a_place(desk: Desk) -> None:
    with pytest.raises(BadInput) as nothing:
        messages.unpack(desk, " \n", ())
    assert problems(nothing) == {"pasted": "required"}
    with pytest.raises(BadInput) as unknown:
        messages.find_folder(desk, "No Such")
    assert problems(unknown) == {"into": "no_such_name"}
    parcel = messages.unpack(desk, "help", ())
    with pytest.raises(BadInput):
        messages.write_into(desk, desk.folder(FolderType.OFFICE), parcel, (), VOICES)


def test_a_refused_request_keeps_nothing_of_the_files(desk: Desk) -> None:
    folder = asked(desk, code_name="Juniper Kettle")
    parcel = messages.unpack(desk, THREAD, (Attachment("a.jpg", "image/jpeg", made.photograph()),))
    with pytest.raises(BadInput) as refused:
        messages.take_down(desk, parcel, (), {"code_name": "Juniper Kettel"}, [], VOICES)
    assert problems(refused) == {"code_name": "too_alike"}
    assert desk.reader.rows("SELECT count(*) FROM k_file") == [(0,)]
    assert messages.find_folder(desk, "juniper kettle") == (folder, FolderType.REQUEST)


def test_hostile_names_and_words_are_kept_in_a_form_that_hides_nothing(desk: Desk) -> None:
    thread = "[2017-05-17 09:30] Ad\u202eam: go\u2066 <script>alert(1)</script>\x00"
    folder = taken_down(desk, thread, Attachment("a\u202egpj.exe", "application/octet-stream", b"MZ\0"))
    (conversation,) = views.records(desk.reader, folder)["conversation"]
    assert conversation.fields["body"] == "them (2017-05-17 09:30): go <script>alert(1)</script>"
    assert shown(desk, folder, "conversation", conversation.record)["wrote_as"] == "Adam"
    files = views.records(desk.reader, folder)["file"]
    assert {shown(desk, folder, "file", one.record)["name"] for one in files} == {"pasted.txt", "agpj.exe"}


def test_what_waits_on_the_tray_goes_with_the_lock_and_with_time(desk: Desk, clock: HeldClock) -> None:
    files = (Attachment("a", "", b"x"),)
    key = desk.tray.put(files)
    assert desk.tray.get(key) == files
    clock.at_ms += TRAY_KEPT_S * 1000
    desk.turn()
    assert desk.tray._waiting == {}
    other = desk.tray.put(files)
    with pytest.raises(BadInput):
        desk.tray.put((Attachment("b", "", bytes(TRAY_MAX)),))
    desk.lock()
    assert desk.tray.get(other) is None


def test_every_masked_word_is_looked_for_or_left_out_on_purpose() -> None:
    masked = {
        (kind, name)
        for kind, spec in REGISTRY.items()
        for name, field in spec.fields.items()
        if field.is_masked and field.type_name == "text"
    }
    looked_for = {(kind, name) for kind, fields in safetext.LOOKED_FOR.items() for name in fields}
    assert masked <= looked_for | safetext.PASSED_OVER
    assert not looked_for & safetext.PASSED_OVER
    assert all(name in REGISTRY[kind].fields for kind, name in looked_for | safetext.PASSED_OVER)


def test_words_for_outside_are_looked_over_without_a_look_being_recorded(desk: Desk) -> None:
    assert safetext.look_over(desk, "Adam Tsoroev") == ()
    folder = asked(desk, [Part("person", {"given_name": "Адам", "family_name": "Цороев"})], code_name="Juniper Kettle")
    before = desk.book.position
    found = safetext.look_over(desk, "Адаму Цороеву, Juniper Kettle; Wren.")
    assert [one.category for one in found] == [Category.NAME, Category.CODE_NAME, Category.STAFF]
    assert desk.book.position == before
    done(desk, casework.amend(desk, folder, "request", folder, {"code_name": "Copper Meadow"}))
    assert safetext.look_over(desk, "Copper Meadow")[0].category is Category.CODE_NAME
    with pytest.raises(BadInput) as long:
        safetext.look_over(desk, "a" * 30_000)
    assert problems(long) == {"text": "too_long"}
    note = RecordId(done(desk, casework.add(desk, folder, "note", {"body": "They hide."})).writes[0].record)
    assert safetext.words_of(desk, folder, "note", note) == "They hide."


def test_whoever_reads_no_cases_learns_no_names(desk: Desk) -> None:
    with desk.book.transaction():
        desk.book.amend_roster((AdmitMember(desk.member, ("finance",)),))
    with pytest.raises(Refused):
        safetext.look_over(desk, "Adam")
