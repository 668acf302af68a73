"""The eye that compares screenshots sees what a person would see, and no more."""

from PIL import Image, ImageDraw
from tests.desk.journeys.seen import difference

PAPER = (249, 244, 233)


def page(height: int = 400) -> Image.Image:
    image = Image.new("RGB", (300, height), PAPER)
    ImageDraw.Draw(image).text((20, 20), "Juniper Kettle", fill=(42, 35, 27))
    return image


def test_the_same_page_looks_the_same() -> None:
    assert difference(page(), page()) is None


def test_the_edge_of_a_letter_is_not_seen() -> None:
    nearly = page()
    nearly.putpixel((21, 25), (120, 110, 100))
    nearly.putpixel((200, 200), (240, 236, 226))
    assert difference(page(), nearly) is None


def test_a_word_that_moved_is_seen() -> None:
    moved = page()
    ImageDraw.Draw(moved).text((20, 200), "needs you now, and nobody has noticed", fill=(138, 79, 0))
    assert difference(page(), moved) is not None


def test_a_page_that_grew_is_seen() -> None:
    assert difference(page(), page(480)) is not None
