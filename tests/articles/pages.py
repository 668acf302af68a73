"""Pages of our own making: two newspapers, English and Russian, with all that stands around; and a hostile page."""

from collections.abc import Sequence
from html import escape

ENGLISH = [
    "Families wait for news of men taken in the spring",
    "Relatives of those who disappeared say that nobody answers their letters",
    "At least 27 men were taken from their homes in April, according to a list that relatives have drawn up.",
    "“We were told to be quiet and to wait,” said a woman whose brother was taken from his workshop on a Tuesday.",
    "What the ministry says",
    "The ministry of the interior denies that anybody was detained. “There are no such people,” its spokesman said.",
    "Lawyers have asked the court for three hearings. None has been held, and no date has been named for any of them.",
    "Two of the men came home in June. They do not speak about where they were, and both have since left the country.",
]

RUSSIAN = [
    "Родственники пропавших ждут ответа второй месяц",
    "В апреле из домов увезли не менее 27 мужчин, следует из списка, который составили родственники.",
    "«Нам велели молчать и ждать», — рассказала женщина, брата которой забрали из мастерской во вторник.",
    "Что говорит министерство",
    "В министерстве внутренних дел утверждают, что никого не задерживали: «Таких людей нет», — сказали там.",
    "Адвокаты трижды просили суд назначить заседание. Ни одно не состоялось, и дату для них никто не назвал.",
    "Двое вернулись домой в июне. О том, где они были, они не говорят, и оба с тех пор уехали из страны.",
]

ENGLISH_ABOVE = [
    "Skip to content", "Home", "Politics", "World", "Sport", "Sign in", "Search for:",
    "We use cookies to give you the best experience on our website. You can accept or manage them.",
    "Accept all cookies",
]  # fmt: skip
ENGLISH_BELOW = [
    "Share this article", "Facebook", "Twitter · WhatsApp", "Advertisement",
    "Sign up for our weekly newsletter and get the best stories in your inbox.", "Your email address", "Subscribe",
    "More on this", "Mayor opens a bridge that nobody crosses", "Ten recipes for a cold evening",
    "The goalkeeper who became a painter", "Read more", "3 comments",
    "This is terrible, and I hope that they will all be found alive.", "I do not believe a word of it.",
    "Leave a comment", "Your email address will not be published.", "© 2017 The Morning Gazette. All rights reserved.",
    "Terms of use", "Privacy policy",
]  # fmt: skip
RUSSIAN_ABOVE = [
    "Перейти к содержанию", "Главная", "Политика", "Мир", "Спорт", "Войти",
    "Мы используем файлы cookie, чтобы сайт работал лучше. Оставаясь на сайте, вы соглашаетесь с этим.", "Принять все",
]  # fmt: skip
RUSSIAN_BELOW = [
    "Поделиться", "ВКонтакте", "Телеграм", "Реклама",
    "Подпишитесь на нашу рассылку, и мы будем присылать вам лучшие материалы недели.", "Подписаться",
    "Читайте также: Мэр открыл мост, по которому никто не ходит", "Самое читаемое",
    "Десять рецептов для холодного вечера",
    "Вратарь, который стал художником", "В городе снова выключат горячую воду", "Показать ещё", "Комментарии (2)",
    "Это ужасно, надеюсь, что всех найдут живыми.", "Оставить комментарий",
    "© 2017 Утренняя газета. Все права защищены.", "Политика конфиденциальности",
]  # fmt: skip


def copied(above: Sequence[str], body: Sequence[str], below: Sequence[str]) -> str:
    """A page as it comes when everything on it is selected and copied."""
    return "\n\n".join([*above, *body, *below])


def page(body: Sequence[str], above: Sequence[str], below: Sequence[str], lang: str, site: str) -> str:
    """A page as a browser saves it."""
    title, *paragraphs = [escape(line) for line in body]
    menu = "".join(f'<li><a href="/{number}">{escape(text)}</a></li>' for number, text in enumerate(above[:-2]))
    foot = "".join(f"<div><a href='#'>{escape(text)}</a></div>" for text in below)
    told = "".join(f"<p>{text}</p>\n" for text in paragraphs)
    return f"""<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title} | {site}</title>
<meta property="og:title" content="{title}"><meta property="og:site_name" content="{site}">
<meta property="og:url" content="https://gazette.example/2017/families"><script>var menu = "Not a word";</script></head>
<body><div class="cookie-consent"><p>{escape(above[-2])}</p><button>{escape(above[-1])}</button></div>
<header><nav><ul>{menu}</ul></nav></header>
<main><article><h1>{title}</h1><p class="byline"><time datetime="2009-01-01">1 January 2009</time></p>{told}</article>
<section class="related">{foot}</section></main><footer><p>1999 – 2031</p></footer></body></html>"""


SPOKEN = [
    "What was seen in the village",
    "<script>window.hostile = 1</script> stood on the wall of the school, as if somebody had wanted to be read.",
    "The men came at night and left before the morning, and the whole village heard the cars on the bridge.",
    "Nobody wrote down how many there were. Those who counted them from the windows speak of eleven or twelve.",
]

HOSTILE = f"""<html><head><title>{SPOKEN[0]}</title><base href="https://tracker.example/">
<meta http-equiv="refresh" content="0;url=https://tracker.example/gone"><script>window.hostile = 1</script>
<link rel="stylesheet" href="https://tracker.example/a.css"></head>
<body onload="window.hostile = 1"><article><h1>{SPOKEN[0]}</h1>
<img src="https://tracker.example/pixel.gif" onerror="window.hostile = 1"><iframe src="https://tracker.example/"></iframe>
<p>{escape(SPOKEN[1])}</p>
<p onclick="window.hostile = 1">{SPOKEN[2][:20]}<b>{SPOKEN[2][20:30]}</b>
<a href="javascript:window.hostile = 1">{SPOKEN[2][30:]}</a></p>
<p style="background:url(https://tracker.example/b.png)">\u202e{SPOKEN[3]}\u202c\u200b</p>
<svg onload="window.hostile = 1"><text>drawn</text></svg><object data="https://tracker.example/o"></object>
</article></body></html>"""
