"""Which lines of a copied page are its article, and which are furniture: menus, banners, share bars, headlines.

Guarantees: a line is judged by its shape and its place, by words only where these are the fixed phrases of web pages,
English and Russian; what reads like a sentence is left out only where a fixed phrase says so. A text in which no
sentence is found is left alone.
"""

import re
from collections.abc import Sequence
from typing import Final

PHRASE_CHARS_MAX: Final = 160
"""Longer lines are not the fixed phrase of a button, whatever they begin with."""

NOTICE_CHARS_MAX: Final = 600
"""Longer paragraphs are no notice of cookies or of a newsletter."""

RUN_MIN: Final = 3
"""So many lines that are no sentences, at the end of a text, are a list of headlines."""

_NETWORKS: Final = (
    r"facebook|twitter|x|whatsapp|telegram|signal|viber|vk|vkontakte|instagram|threads|bluesky|mastodon|reddit|pinterest"
    r"|linkedin|tumblr|youtube|tiktok|rss|e-?mail|pocket|flipboard|messenger|ok|odnoklassniki|livejournal|print|link"
    r"|фейсбук|твиттер|телеграм|вконтакте|одноклассники|ютуб|ватсап|вайбер|почта|печать|ссылка"
)

_PHRASES: Final = re.compile(
    rf"""(?:
    (?:press|hit)\ (?:enter|return|esc(?:ape)?)\b.* | (?:skip|jump)\ to\ .* | back\ to\ (?:the\ )?top
    | (?:toggle|open|close|show|hide)\ (?:the\ )?(?:menu|navigation|search|sidebar|comments)\b.*
    | menu | home | search | search\ for:? | navigation | main\ (?:menu|navigation) | about\ us | contact\ us | donate
    | (?:log|sign)\ (?:in|up|out)\b.{{0,60}} | register | my\ account | subscribe\b.* | unsubscribe
    | (?:share|tweet|pin|email|print|save|bookmark)(?:\ (?:this|on|via|with|it|article|story|post|page)\b.*)?
    | copy\ (?:the\ )?link | (?:follow|like|join|find)\ us\b.* | share(?:s|d)?:?\ ?\d*
    | (?:{_NETWORKS})(?:\W+(?:and\ |и\ )?(?:{_NETWORKS}))*\W*
    | adverti[sz]e(?:ment|ments|\ with\ us)? | sponsored(?:\ (?:content|by\ .*))? | promoted(?:\ by\ .*)? | ads?
    | (?:accept|reject|allow|decline|manage)\ (?:all|cookies|preferences|settings)\b.* | cookie\ (?:policy|settings)
    | read\ (?:more|on|full\ story|the\ full\ story) | continue\ reading\b.* | (?:load|show|see|view)\ (?:more|all)\b.*
    | (?:next|previous|older|newer)(?:\ (?:article|post|story|page|posts|stories))?
    | (?:\d+|no)\ (?:comments?|replies|shares|likes|views|reactions)(?:\ yet)? | share\ your\ thoughts\b.*
    | (?:terms\ (?:of|and)|privacy\ (?:policy|notice|statement))\b.{{0,80}} | tags?:.* | filed\ under:?.* | topics?:.*
    | (?:get|download)\ (?:the|our)\ app\b.* | (?:\d+\ )?min(?:ute)?s?\ read | \d+\ min(?:ute)?s?\ read
    | (?:enter\ )?your\ e-?mail(?:\ address)?
    | (?:нажмите|жмите)\b.*\b(?:enter|ввод|ctrl)\b.* | перейти\ к\ .* | наверх | меню | поиск | искать | найти | главная
    | войти | вход | выйти | регистрация | личный\ кабинет | поделиться\b.* | рассказать\ друзьям | твитнуть
    | (?:отправить|распечатать|скопировать)(?:\ ссылку|\ статью|\ другу)? | подпис(?:аться|ывайтесь|итесь)\b.*
    | подписка | (?:следите\ за\ нами|мы\ в(?:\ соцсетях|\ социальных\ сетях|\ telegram|\ телеграме?))\b.*
    | реклама | на\ правах\ рекламы | партн[её]рский\ материал | принять(?:\ (?:все|вс[её]))? | соглас(?:ен|на)
    | (?:читать|смотреть)\ (?:далее|дальше|полностью|все|ещ[её])\b.* | подробнее
    | (?:показать|загрузить)\ (?:ещ[её]|все|больше)\b.* | (?:ещ[её]|все)\ новости | далее | назад
    | (?:(?:следующая|предыдущая)\ (?:статья|новость|запись|страница))
    | (?:комментари(?:и|ев|й):?\ ?\d* | \d+\ комментари(?:й|я|ев) | нет\ комментариев) | обсудить
    | теги:.* | метки:.* | рубрик[аи]:.*
    | (?:политика|пользовательское)\ (?:конфиденциальности|соглашение|обработки\ .*) | о\ (?:нас|проекте|редакции)
    | контакты | нашли\ (?:опечатку|ошибку)\b.* | ваш\ e-?mail\b.*
    | введите\ (?:ваш\ )?(?:e-?mail|адрес)\b.*
    )\W*""",
    re.IGNORECASE | re.VERBOSE,
)
"""Whole lines that stand on buttons, in menus and at the foot of pages."""

_NOTICES: Final = re.compile(
    r"""
    ^\W*(?:©|\(c\)|copyright\b) | \ball\ rights\ reserved\b | \bвсе\ права\ защищены\b
    | ^при\ (?:цитировании|перепечатке|(?:полном|частичном|любом)?\s*использовании)\b | \bвыделите\b.*\bctrl\b
    | \be-?mail\ address\ will\ not\ be\ published\b
    | \bcookies?\b.*\b(?:accept|agree|consent|continu(?:e|ing)|experience|preferences|settings|our\ (?:web)?site)\b
    | \b(?:we|this\ (?:web)?site)\b.{0,60}\buses?\b.{0,40}\bcookies\b
    | \b(?:sign\ up|subscribe)\b.*\b(?:newsletter|inbox|mailing\ list|e-?mail|updates)\b
    | \bour\ (?:free\ |daily\ |weekly\ )*newsletter\b | \bin\ your\ inbox\b
    | \bby\ (?:signing\ up|subscribing|continuing|clicking)\b.*\b(?:agree|accept|terms|policy)\b
    | \brequired\ fields\ are\ marked\b
    | (?:\bcookies?\b|файл\w*\ cookie|\bкук(?:и|ах|ов)\b).*(?:соглас|использ|принима|политик|настро)
    | (?:использ|применя)\w*.{0,40}(?:\bcookies?\b|\bкуки\b)
    | \bподпи(?:шитесь|сывайтесь|саться)\b.*(?:рассылк|новост|канал|telegram|телеграм)
    | \bнаш\w*\ (?:\w+\ )?рассылк | обязательные\ поля\ помечены | адрес\ (?:e-?mail|почты).*не\ будет\ опубликован
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Sentences of banners and boxes."""

_LEADS: Final = re.compile(
    r"""(?:
    related(?:\ (?:articles?|stor(?:y|ies)|posts?|content|coverage|news|topics|reading|links))?
    | (?:read|see|watch|listen)\ (?:also|next|more) | also\ read | see\ also
    | more\ (?:on\ this|stories|news|from\b.{0,40})
    | you\ (?:may|might|will)\ (?:also\ )?(?:like|enjoy|be\ interested\ in) | recommended(?:\ (?:for\ you|reading))?
    | most\ (?:read|popular|viewed|shared|commented|recent) | trending(?:\ now)? | popular(?:\ now)?
    | latest(?:\ (?:news|stories|posts|from\b.{0,40}))? | top\ stories | don['’]t\ miss
    | editor['’]?s['’]?\ (?:picks?|choice)
    | in\ other\ news | up\ next | elsewhere\ on\b.{0,40} | from\ (?:our\ partners|around\ the\ web)
    | (?:читайте|смотрите|слушайте)(?:\ (?:также|ещ[её]|по\ теме))? | (?:ещ[её]\ )?по\ теме
    | (?:материалы|новости)\ по\ теме
    | похожие\ (?:статьи|материалы|новости|записи) | другие\ (?:статьи|материалы|новости) | рекоменду(?:ем|емое)
    | вам\ (?:может|будет|также)\b.{0,40} | популярн(?:ое|ые)(?:\ (?:статьи|материалы|новости))?
    | самое\ (?:читаемое|популярное|обсуждаемое|важное) | главное(?:\ за\b.{0,30})? | последние\ новости
    | лента(?:\ новостей)? | новости\ партн[её]ров | не\ пропустите | выбор\ редакции | сейчас\ на\ главной
    )\s*(?P<end>$|[:|»→›-]\s*(?P<what>.*))""",
    re.IGNORECASE | re.VERBOSE,
)
"""What leads from an article to others; the headline may stand in the same line."""

_COMMENTS: Final = re.compile(
    r"(?:(?:leave|post|write|add) an? (?:comment|reply)|comments?(?: \(?\d+\)?)?|\d+ (?:comments|thoughts on\b.*)"
    r"|join the (?:conversation|discussion)|(?:оставить|добавить|написать) комментарий|комментарии(?: \(?\d+\)?)?"
    r"|\d+ комментари(?:й|я|ев)|обсуждение)\s*:?",
    re.IGNORECASE,
)
"""Where the readers begin to speak."""

_SENTENCE: Final = re.compile(r"[.…!?:;]['\"”’»›)\]]*$")
_SURE_END: Final = re.compile(r"[.…:;]['\"”’»›)\]]*$")


def leave_out(lines: Sequence[str], kept: Sequence[bool]) -> list[bool]:
    """Which lines are kept, of those that were kept so far.

    Args:
        lines: of one page, from top to bottom; none empty.
        kept: of each, whether it may be of the article; a line that is left out already stays so.
    """
    now = [was and not _is_phrase(line) for line, was in zip(lines, kept, strict=True)]
    if not any(_is_prose(line) for line, is_kept in zip(lines, now, strict=True) if is_kept):
        return list(kept)
    _leave_leads(lines, now)
    _leave_comments(lines, now)
    _leave_tail(lines, now)
    _leave_head(lines, now)
    return now


def _is_phrase(line: str) -> bool:
    if len(line) <= PHRASE_CHARS_MAX and _PHRASES.fullmatch(line) and not (_is_prose(line) and len(line.split()) > 5):
        return True
    return len(line) <= NOTICE_CHARS_MAX and _NOTICES.search(line) is not None


def _is_prose(line: str) -> bool:
    """Whether a line reads like a sentence or introduces one; a headline may ask or shout."""
    words = len(line.split())
    if len(line) >= 200 or (_SURE_END.search(line) and words >= 3):
        return True
    return words >= 12 and _SENTENCE.search(line) is not None


def _leave_leads(lines: Sequence[str], kept: list[bool]) -> None:
    """ "Related: …" goes; where a headline does not follow in the same line, those below it go too."""
    running = False
    for index, line in enumerate(lines):
        lead = _LEADS.fullmatch(line) if len(line) <= 2 * PHRASE_CHARS_MAX else None
        if lead is not None and not (lead["what"] and _SURE_END.search(lead["what"])):
            kept[index], running = False, not lead["what"]
        elif running and not _is_prose(line):
            kept[index] = False
        elif kept[index]:
            running = False


def _leave_comments(lines: Sequence[str], kept: list[bool]) -> None:
    """What readers wrote below an article goes; a count of them above it does not end it."""
    weights = [len(line) if is_kept and _is_prose(line) else 0 for line, is_kept in zip(lines, kept, strict=True)]
    before = 0
    for index, line in enumerate(lines):
        if _COMMENTS.fullmatch(line) and before > sum(weights) / 2:
            kept[index:] = [False] * (len(lines) - index)
            return
        before += weights[index]


def _leave_tail(lines: Sequence[str], kept: list[bool]) -> None:
    """Headlines below the last sentence go, unless that sentence introduces a list."""
    run: list[int] = []
    for index in range(len(lines) - 1, -1, -1):
        if kept[index] and _is_prose(lines[index]):
            if len(run) >= RUN_MIN and not lines[index].endswith(":"):
                for one in run:
                    kept[one] = False
            return
        if kept[index]:
            run.append(index)


def _leave_head(lines: Sequence[str], kept: list[bool]) -> None:
    """The short lines of a menu above the headline go."""
    first = next(index for index, line in enumerate(lines) if kept[index] and _is_prose(line))
    short = [index for index in range(first) if not kept[index] or len(lines[index].split()) <= 3]
    if RUN_MIN <= len(short) < first:
        for index in short:
            kept[index] = False
