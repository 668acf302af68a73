"""Threads as apps copy and export them: who, when, what; and nothing that was written is ever lost."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.messages import made

from waystation.limits import FILE_MAX, PACKED_FILES_MAX
from waystation.plaintext import guessed_language, legible
from waystation.records.fields import well_formed
from waystation.threads import App, Setting, Thread, by_ourselves, decode, read, unpacked

ZONE = "Europe/Vilnius"
SETTING = Setting(ZONE, "2017-05-20")


def one(text: str, setting: Setting = SETTING) -> Thread:
    (thread,) = read(text, setting)
    return thread


def told(thread: Thread) -> list[tuple[str, str, str]]:
    """Sender, wall-clock time to the minute, text."""
    return [(m.sender, f"{m.at.local():%Y-%m-%d %H:%M}" if m.at else "", m.text) for m in thread.messages]


ADAM, ME = ("Adam", "2017-05-17 14:30", "help\nplease"), ("Me", "2017-05-17 14:31", "where are you?")

COPIES = {
    "signal, exported": (App.SIGNAL, "[2017-05-17, 14:30] Adam: help\nplease\n[2017-05-17, 14:31] Me: where are you?"),
    "signal, exported lately": (
        App.SIGNAL,
        "[2017-05-17 14:30:59] Adam: help\nplease\n\n[2017-05-17 14:31:00] Me: where are you?\n",
    ),
    "whatsapp, iphone": (
        App.WHATSAPP,
        "[17.05.2017, 14:30:12] Adam: help\r\nplease\r\n\u200e[17.05.2017, 14:31:00] Me: where are you?",
    ),
    "whatsapp, iphone, britain": (
        App.WHATSAPP,
        "[17/05/2017 14:30:12] Adam: help\nplease\n[17/05/2017 14:31:00] Me: where are you?",
    ),
    "whatsapp, finland": (
        App.WHATSAPP,
        "[17.5.2017 klo 14.30.12] Adam: help\nplease\n[17.5.2017 klo 14.31.00] Me: where are you?",
    ),
    "whatsapp, android": (
        App.WHATSAPP,
        "17/05/2017, 14:30 - Adam: help\nplease\n17/05/2017, 14:31 - Me: where are you?",
    ),
    "whatsapp, russia": (App.WHATSAPP, "17.05.17, 14:30 - Adam: help\nplease\n17.05.17, 14:31 - Me: where are you?"),
    "whatsapp, america": (
        App.WHATSAPP,
        "5/17/17, 2:30\u202fPM - Adam: help\nplease\n5/17/17, 2:31\u202fPM - Me: where are you?",
    ),
    "whatsapp, canada": (
        App.WHATSAPP,
        "2017-05-17, 2:30 p.m. - Adam: help\nplease\n2017-05-17, 2:31 p.m. - Me: where are you?",
    ),
    "whatsapp, years ago": (
        App.WHATSAPP,
        "17/05/2017 14:30:12: Adam: help\nplease\n17/05/2017 14:31:00: Me: where are you?",
    ),
    "whatsapp, browser": (App.WHATSAPP, "[14:30, 17.5.2017] Adam: help\nplease\n[14:31, 17.5.2017] Me: where are you?"),
    "whatsapp, copied on a telephone": (
        App.WHATSAPP,
        "[17/05, 14:30] Adam: help\nplease\n[17/05, 14:31] Me: where are you?",
    ),
    "whatsapp, unknown number": (
        App.WHATSAPP,
        "[17.05.2017, 14:30:12] ~ Adam: help\nplease\n[17.05.2017, 14:31:00] Me: where are you?",
    ),
    "telegram, desktop": (
        App.TELEGRAM,
        "Adam, [17.05.2017 14:30]\nhelp\nplease\n\nMe, [17.05.2017 14:31]\nwhere are you?",
    ),
    "telegram, desktop, years ago": (
        App.TELEGRAM,
        "Adam [17.05.17 14:30]\nhelp\nplease\n\nMe [17.05.17 14:31]\nwhere are you?",
    ),
    "telegram, telephone": (
        App.TELEGRAM,
        "[17.05.2017 14:30] Adam: help\nplease\n[17.05.2017 14:31] Me: where are you?",
    ),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_recognised(name: str) -> None:
    app, text = COPIES[name]
    thread = one(text)
    assert (thread.app, told(thread), thread.unclear) == (app, [ADAM, ME], "")
    assert thread.people == ("Adam", "Me")


@pytest.mark.parametrize(
    ("text", "app"),
    [
        ("Adam:\nhelp\nplease\n\nMe:\nwhere are you?", App.TELEGRAM),
        ("> Adam:\nhelp\nplease\n\n> Me:\nwhere are you?", App.TELEGRAM),
        ("Adam: help\nplease\nMe: where are you?", App.UNKNOWN),
        ("Adam: help\nplease\nAset: where are you?\nAdam: here", App.UNKNOWN),
    ],
)
def test_a_copy_without_times_still_says_who(text: str, app: App) -> None:
    thread = one(text)
    assert thread.app is app
    assert (thread.messages[0].sender, thread.messages[0].text) == ("Adam", "help\nplease")
    assert thread.messages[1].text == "where are you?"
    assert all(m.at is None for m in thread.messages)


@pytest.mark.parametrize("text", ["help me", "Name: Adam\nAge: 25\nTown: Grozny", "https://example.org: look", "a: b"])
def test_what_is_no_thread_is_one_message(text: str) -> None:
    thread = one(text)
    assert (thread.app, thread.people) == (App.UNKNOWN, ("",))
    assert [m.text for m in thread.messages] == [text]


def test_times_beneath_set_messages_apart() -> None:
    thread = one("they came again\n14:30\nwhere are you?\nwrite to me\n14:31")
    assert thread.app is App.SIGNAL
    assert [m.text for m in thread.messages] == ["they came again\n14:30", "where are you?\nwrite to me\n14:31"]


def test_what_the_app_says_is_nobodys() -> None:
    thread = one("12.02.17, 14:22 - Сообщения защищены сквозным шифрованием.\n12.02.17, 14:23 - Адам: здравствуйте")
    assert [(m.sender, m.by_app) for m in thread.messages] == [("", True), ("Адам", False)]
    assert thread.people == ("Адам",)


@pytest.mark.parametrize(
    ("words", "media"),
    [
        ("<Media omitted>", "<Media omitted>"),
        ("<Без медиафайлов>", "<Без медиафайлов>"),
        ("\u200eimage omitted", "image omitted"),
        ("изображение отсутствует", "изображение отсутствует"),
        ("<attached: 0001-AUDIO.opus>", "0001-AUDIO.opus"),
        ("<прикреплено: 0002-PHOTO.jpg>", "0002-PHOTO.jpg"),
        ("IMG-20170517-WA0001.jpg (file attached)", "IMG-20170517-WA0001.jpg"),
        ("PTT-20170517-WA0002.opus (файл добавлен)", "PTT-20170517-WA0002.opus"),
        ("![a.jpg](./media/a.jpg)", "./media/a.jpg"),
    ],
)
def test_files_that_are_mentioned_are_named(words: str, media: str) -> None:
    (message,) = one(f"17.05.17, 14:30 - Adam: {words}").messages
    assert message.media == (media,)
    assert message.text == words


@pytest.mark.parametrize(
    ("dates", "days", "unclear"),
    [
        (["05/06/2017"], ["2017-05-06"], ""),  # the fifth of June has not come yet
        (["03/04/2017"], ["2017-04-03"], "03/04/2017"),
        (["03/04/2017", "04/04/2017", "15/04/2017"], ["2017-04-03", "2017-04-04", "2017-04-15"], ""),
        (["3/31/2017", "4/3/2017"], ["2017-03-31", "2017-04-03"], ""),
        (["1/2/2017", "1/3/2017", "2/1/2017"], ["2017-01-02", "2017-01-03", "2017-02-01"], ""),
        (["03.04.2017"], ["2017-04-03"], ""),
        (["2017/04/03"], ["2017-04-03"], ""),
        (["04/04/2017"], ["2017-04-04"], ""),
    ],
)
def test_day_and_month_are_told_apart_or_asked_for(dates: list[str], days: list[str], unclear: str) -> None:
    thread = one("\n".join(f"{date}, 14:30 - Adam: help" for date in dates))
    assert [day for _, at, _ in told(thread) for day in [at[:10]]] == days
    assert thread.unclear == unclear


def test_a_person_can_say_how_dates_are_meant() -> None:
    text = "03/04/2017, 14:30 - Adam: help"
    for day_first, day in ((True, "2017-04-03"), (False, "2017-03-04")):
        thread = one(text, Setting(ZONE, "2017-05-20", day_first))
        assert (told(thread)[0][1][:10], thread.unclear, thread.day_first) == (day, "03/04/2017", day_first)


def test_a_date_without_a_year_is_the_last_such_one() -> None:
    assert [at[:10] for _, at, _ in told(one("[24/12, 14:30] A: x\n[24/12, 15:30] A: y"))] == ["2016-12-24"] * 2


def test_an_impossible_time_costs_the_time_and_nothing_else() -> None:
    assert told(one("[17.05.2017, 25:61:00] Adam: help")) == [("Adam", "", "help")]
    assert told(one("[99.99.2017, 10:10:00] Adam: help")) == [("Adam", "", "help")]


TELEGRAM = {
    "name": "Adam",
    "type": "personal_chat",
    "messages": [
        {"id": 1, "type": "service", "date": "2017-05-17T14:00:00", "actor": "Adam", "action": "phone_call"},
        {
            "id": 2,
            "type": "message",
            "date": "2017-05-17T14:30:00",
            "date_unixtime": "1495020600",
            "from": "Adam",
            "text": ["help ", {"type": "bold", "text": "please"}],
        },
        {
            "id": 3,
            "type": "message",
            "date": "2017-05-17T14:31:00",
            "from": "Me",
            "text": "",
            "media_type": "voice_message",
            "file": "voice_messages/audio_1.ogg",
            "location_information": {"latitude": 43.31, "longitude": 45.69},
        },
    ],
}


@pytest.mark.parametrize("whole", [False, True])
def test_telegrams_export_is_read(whole: bool) -> None:
    """One chat, or all that a person has."""
    export = {"chats": {"about": "x", "list": [TELEGRAM]}} if whole else TELEGRAM
    thread = one(json.dumps(export, ensure_ascii=False, indent=1))
    assert (thread.app, thread.title, thread.people) == (App.TELEGRAM, "Adam", ("Adam", "Me"))
    service, first, second = thread.messages
    assert service.by_app
    assert told(thread)[1] == ("Adam", "2017-05-17 14:30", "help please")
    assert "latitude 43.31" in second.text
    assert second.media == ("voice_messages/audio_1.ogg",)
    assert first.media == ()


def test_signals_lines_are_read() -> None:
    lines = [
        {"date": "2017-05-17T14:30:00", "sender": "Adam", "body": "help\nplease", "quote": "", "attachments": []},
        {"date": "2017-05-17T14:31:00", "sender": "Me", "body": "where are you?", "attachments": [{"path": "a.jpg"}]},
    ]
    thread = one("\n".join(map(json.dumps, lines)))
    assert thread.app is App.SIGNAL
    assert told(thread)[0] == ADAM
    assert "a.jpg" in thread.messages[1].text


PAGE = """<!DOCTYPE html><html><body><div class="page_header"><div class="content">
<div class="text bold">Adam</div></div></div>
<div class="history"><div class="message service"><div class="body details">17 May 2017</div></div>
<div class="message default clearfix" id="message1"><div class="pull_left userpic_wrap"><div class="userpic">
<div class="initials">A</div></div></div><div class="body">
<div class="pull_right date details" title="17.05.2017 13:30:00 UTC+02:00">13:30</div>
<div class="from_name"> Adam </div>
<div class="text">help<br>please &lt;b&gt;</div></div></div>
<div class="message default clearfix joined"><div class="body">
<div class="pull_right date details" title="17.05.2017 14:31:00">14:31</div>
<div class="media_wrap clearfix"><a class="photo_wrap media" href="photos/1.jpg"><div class="title bold">Photo</div></a>
</div></div></div>
</div></body></html>"""


def test_telegrams_page_is_read() -> None:
    thread = one(PAGE)
    assert (thread.app, thread.title, thread.people) == (App.TELEGRAM, "Adam", ("Adam",))
    day, _, second = thread.messages
    assert (day.by_app, day.text) == (True, "17 May 2017")
    assert told(thread)[1] == ("Adam", "2017-05-17 14:30", "help\nplease <b>")
    assert second.sender == "Adam"
    assert "photos/1.jpg" in second.text


def test_another_page_or_another_json_is_words() -> None:
    for text in ("<p>hello", '{"a": 1}', "{not json", "[1, 2"):
        assert [m.text for m in one(text).messages] == [text]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_a_file_is_read_in_any_usual_encoding(encoding: str) -> None:
    assert decode("17.05.17, 14:30 - Адам: помогите".encode(encoding)).endswith("Адам: помогите")


def test_a_packed_chat_comes_apart() -> None:
    found = unpacked(made.chat_zip("17.05.17, 14:30 - Aset: help", **{"../../a.jpg": b"picture"}))
    assert [(one.name, one.content[:8]) for one in found] == [("_chat.txt", b"17.05.17"), ("a.jpg", b"picture")]


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        made.chat_zip("x")[:60],
        made.chat_zip("x", **{f"{n}.jpg": b"" for n in range(PACKED_FILES_MAX + 1)}),
    ],
    ids=["empty", "cut", "many"],
)
def test_a_packed_chat_that_cannot_be_trusted_gives_nothing(content: bytes) -> None:
    assert unpacked(content) == ()


def test_a_packed_bomb_does_not_unfold() -> None:
    content = made.chat_zip("x", **{"a.jpg": bytes(FILE_MAX + 1)})
    assert len(content) < FILE_MAX // 100
    assert unpacked(content) == ()
    lying = made.chat_zip("x", **{"a.jpg": bytes(1000)}).replace(struct.pack("<I", 1000), struct.pack("<I", 10))
    assert all(len(one.content) <= 10 for one in unpacked(lying)[1:])


def test_apps_call_the_owner_of_the_telephone_me() -> None:
    assert by_ourselves("Me")
    assert by_ourselves("Вы")
    assert not by_ourselves("Adam")


names = st.from_regex(r"[A-ZА-Я][a-zа-я]{2,10}( [A-ZА-Я][a-zа-я]{2,10})?", fullmatch=True)
words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Mn", "Me", "Zl", "Zp", "Cf")), max_size=60
)


@given(st.lists(st.tuples(names, words, words), min_size=1, max_size=6), st.integers(0, 27 * 24 * 60))
def test_what_was_written_comes_back(messages: list[tuple[str, str, str]], minute: int) -> None:
    day, rest = divmod(minute, 24 * 60)
    stamp = f"{day + 1:02}.03.2017, {rest // 60:02}:{rest % 60:02}:00"
    lines = [
        (name, [first.rstrip() or "x", *([second.rstrip()] if second.strip() else [])])
        for name, first, second in messages
    ]
    text = "\n".join(f"[{stamp}] {name}: " + "\n".join(body) for name, body in lines)
    found = one(text)
    wanted = [(name, legible("\n".join(body)).strip("\n")) for name, body in lines]
    assert [(m.sender, m.text.strip("\n")) for m in found.messages] == wanted


@given(st.text(max_size=400))
def test_any_text_gives_all_its_lines_back(text: str) -> None:
    threads = read(text, SETTING)
    kept = "\n".join(f"{m.sender}\n{m.text}" for thread in threads for m in thread.messages)
    if threads[0].app is App.UNKNOWN and len(threads[0].messages) == 1:
        assert [line.strip() for line in legible(text).strip("\n").split("\n")] == [
            line.strip() for line in kept.removeprefix("\n").split("\n")
        ] or not text.strip()


lines = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "[17.05.2017, 14:30:12] Adam: one",
                "17/05/2017, 14:30 - Adam: two",
                "Adam, [17.05.2017 14:30]",
                "Adam:",
                "14:30",
                "",
                "[2017-05-17 14:30] Me: three",
            ]
        ),
        st.text("abc :-[]/0", max_size=12),
    ),
    max_size=14,
)


@given(lines)
def test_no_word_is_lost_however_forms_are_mixed(given_lines: list[str]) -> None:
    (thread,) = read("\n".join(given_lines), SETTING)
    kept = " ".join(f"{m.sender} {m.text}" for m in thread.messages)
    for line in given_lines:
        for word in ("one", "two", "three"):
            if line.endswith(word):
                assert word in kept
        if line and set(line) <= set("abc"):
            assert line in kept


@given(st.binary(max_size=300))
def test_no_file_stops_it(content: bytes) -> None:
    assert read(decode(content), SETTING)


@given(st.text(max_size=300))
def test_legible_text_can_always_be_kept(text: str) -> None:
    cleaned = legible(text)
    assert well_formed(cleaned, max_chars=10_000, multiline=True) == cleaned
    assert legible(cleaned) == cleaned


def test_marks_that_turn_writing_are_gone_and_the_words_stay() -> None:
    assert legible("a\u202egpj.exe\u2066 b\x00\x1b[31m\t\u2028c") == "agpj.exe b[31m \nc"
    assert legible("e" + "\u0301" * 500).count("\u0301") < 40
    assert legible("שלום \u200fعربي") == "שלום \u200fعربي"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Здравствуйте, мне нужна помощь, мы в опасности", "ru"),
        ("Допоможіть, будь ласка, ми в небезпеці", "uk"),
        ("Please help me, they are looking for my brother", "en"),
        ("أحتاج إلى مساعدة", "ar"),
        ("لطفاً کمک کنید، برادر من در خطر است، چه کنم", "fa"),
        ("12345 ???", ""),
    ],
)
def test_a_language_is_guessed_by_its_letters(text: str, code: str) -> None:
    assert guessed_language(text) == code
