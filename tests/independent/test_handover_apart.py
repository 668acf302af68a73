"""The second decoder on every vector of a card and a packet: it accepts and refuses what production does."""

from tests.ground.vectors import Case, every
from tests.independent import ground, handover
from tests.independent.test_apart import refusing


@every("handover", "sealing", "valid")
def test_sealing(case: Case) -> None:
    seed = ground.derive(case["seed"], "handover", case["org"])
    assert seed == case["sealing_seed"]
    assert ground.sealing_public(seed) == case["sealing_key"]


@every("handover", "card", "valid")
def test_card(case: Case) -> None:
    card = handover.card(case["signed"])
    assert (card.org, card.desk, card.name, card.words) == (case["org"], case["desk"], case["of"], case["words"])


@every("handover", "card", "faulty")
def test_card_refused(case: Case) -> None:
    with refusing(case):
        handover.card(case["signed"])


@every("handover", "card_text", "valid")
def test_card_text(case: Case) -> None:
    assert handover.card_of_text(case["text"]) == case["signed"]


@every("handover", "card_text", "faulty")
def test_card_text_refused(case: Case) -> None:
    with refusing(case):
        handover.card_of_text(case["text"])


@every("handover", "packet", "valid")
def test_packet(case: Case) -> None:
    opened = handover.packet(case["org"], case["seed"], case["packet_base64"])
    assert (opened.signed, opened.files, opened.kind) == (case["signed_content"], case["files"], "referral")


@every("handover", "packet", "faulty")
def test_packet_refused(case: Case) -> None:
    with refusing(case):
        handover.packet(case["org"], case["seed"], case["packet_base64"])
