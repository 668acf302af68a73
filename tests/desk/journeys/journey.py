"""One person's way through the book, as the pages lead: from asking for help to arrival, follow-up and closure."""

from tests.desk.journeys.hands import Hands

GIVEN, FAMILY, HANDLE = "Zelimkhan", "Tsoroev", "+7 999 000 11 22"
ADDRESS, KEEPER = "Pylimo gatve 14-3", "Rasa Petraityte"
TOWN = "Roshni-Chu"

SECRET = (GIVEN, FAMILY, HANDLE, ADDRESS, KEEPER, TOWN)
"""What may never stand in a title, an address or a flash."""

CODE_NAME = "Juniper Kettle"


def unlock(hands: Hands, passphrase: str) -> None:
    hands.write("Passphrase", passphrase)
    hands.press("Unlock the desk")


def a_place_and_two_routes(hands: Hands) -> None:
    hands.follow("Places")
    hands.follow("Add a place")
    hands.write("Code name", "Willow Anchor")
    hands.write("Beds", "3")
    hands.write("Address", ADDRESS)
    hands.write("Keeper", KEEPER)
    hands.press("Add this place")
    for country in ("Canada", "Lithuania"):
        hands.follow("Routes")
        hands.follow("Add a route")
        hands.pick("Destination", country)
        hands.pick("Pathway", "Humanitarian visa")
        hands.press("Add this route")


def a_request(hands: Hands) -> None:
    hands.follow("Today")
    hands.follow("Take down a request")
    hands.write("What they said", "They came for my brother. My uncle gave me until Friday.")
    hands.tick("What they need", "A place to hide")
    hands.choose("Risk level", "Extreme risk")
    hands.choose("When it threatens", "Within days")
    hands.write("Day by which it threatens", "before 26 May 2017")
    hands.write("Given name", GIVEN)
    hands.write("Family name", FAMILY)
    hands.pick("Channel", "Signal")
    hands.write("Number or address", HANDLE)
    hands.choose("Is it safe to use", "Only as agreed")
    hands.pick("Language", "Chechen")
    hands.write("Region of the danger", TOWN)
    hands.write("Code name", CODE_NAME)
    hands.press("Take this request down")


def checks_and_a_case(hands: Hands) -> None:
    hands.press("I take it on")
    hands.follow("Add a verification step")
    hands.pick("What was checked", "Interview")
    hands.choose("Result", "Confirms what was said")
    hands.write("Findings", "He knows the village and the officers.")
    hands.press("Write this step down")
    hands.follow("Judge what was checked")
    hands.choose("Judgement", "Credible")
    hands.write("Reasons", "Detailed and consistent over two talks.")
    hands.press("Write the judgement down")
    hands.follow("Accept and open a case")
    hands.write("Summary", "A young man hunted by the police and by his family.")
    hands.press("Accept and open a case")


def danger_consent_and_hiding(hands: Hands) -> None:
    hands.follow("Assess the risk")
    hands.choose("Risk level", "Extreme risk")
    hands.choose("When it threatens", "Within days")
    hands.write("Reasons", "His uncle knows where he is.")
    hands.write("Review on", "20.5.2017")
    hands.press("Write the assessment down")
    hands.follow("Write the consent down")
    hands.tick("What may be shared", "What happened to them")
    hands.press("Write the consent down")
    hands.follow("Write an evacuation down")
    hands.press("Write the evacuation down")
    hands.follow("Hide them in a place")
    hands.pick("Place", "Willow Anchor")
    hands.press("Hide them there")


def signs_of_life(hands: Hands) -> None:
    hands.follow("Plan a check-in")
    hands.write("Due", "17.5.2017 20:00")
    hands.press("Plan this check-in")
    hands.press("Heard from them: well")
    hands.follow("Set a task")
    hands.write("What is to be done", "Ask the consulate for a date")
    hands.press("Set this task")
    hands.follow("It is done")
    hands.press("It is done")
    hands.follow("Write a note")
    hands.write("Note", "He slept for the first time.")
    hands.press("Write the note down")


def refused_then_granted(hands: Hands) -> None:
    hands.follow("Apply by a route")
    hands.pick("Route", "Canada, humanitarian visa")
    hands.press("Write down that it was filed")
    hands.follow("Write the decision down")
    hands.choose("Outcome", "Refused")
    hands.write("Reason given", "No ties to the country.")
    hands.press("Write the decision down")
    hands.follow("Apply by a route")
    hands.pick("Route", "Lithuania, humanitarian visa")
    hands.press("Write down that it was filed")
    hands.follow("Write the decision down")
    hands.choose("Outcome", "Granted")
    hands.press("Write the decision down")


def travel_and_arrival(hands: Hands) -> None:
    hands.follow("Plan the journey")
    hands.choose("Purpose", "To another country")
    hands.pick("Destination", "Lithuania")
    hands.write("Planned for", "17.5.2017")
    hands.press("Plan this journey")
    hands.follow("Add a leg of the journey")
    hands.pick("How", "By air")
    hands.write("From where", "Moscow")
    hands.write("To where", "Vilnius")
    hands.press("Add this leg")
    hands.follow("Note how the leg went")
    hands.pick("How it went", "Travelled")
    hands.press("Note how it went")
    hands.follow("Write the arrival down")
    hands.pick("Country of arrival", "Lithuania")
    hands.tick("", "Confirmed by the person")
    hands.press("Write the arrival down")


def follow_up_and_closure(hands: Hands) -> None:
    hands.follow("Write a follow-up down")
    hands.choose("How they are", "Well")
    hands.press("Write the follow-up down")
    hands.follow("Close the case")
    hands.pick("Closure reason", "Arrived safe")
    hands.press("Close the case")


STEPS = (
    a_place_and_two_routes,
    a_request,
    checks_and_a_case,
    danger_consent_and_hiding,
    signs_of_life,
    refused_then_granted,
    travel_and_arrival,
    follow_up_and_closure,
)
