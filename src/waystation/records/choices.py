"""The closed lists that fields choose from, in the field's own words (each label is a gettext id).

Lists about danger run from the least to the most dangerous; the order is part of the declaration.
"""

from waystation.records.labels import N_, Choice, option


class Language(Choice):
    RUSSIAN = option("ru", N_("Russian"))
    ENGLISH = option("en", N_("English"))
    CHECHEN = option("ce", N_("Chechen"))
    INGUSH = option("inh", N_("Ingush"))
    UKRAINIAN = option("uk", N_("Ukrainian"))
    BELARUSIAN = option("be", N_("Belarusian"))
    AZERBAIJANI = option("az", N_("Azerbaijani"))
    ARMENIAN = option("hy", N_("Armenian"))
    GEORGIAN = option("ka", N_("Georgian"))
    KAZAKH = option("kk", N_("Kazakh"))
    UZBEK = option("uz", N_("Uzbek"))
    TAJIK = option("tg", N_("Tajik"))
    TURKISH = option("tr", N_("Turkish"))
    PERSIAN = option("fa", N_("Persian"))
    DARI = option("prs", N_("Dari"))
    PASHTO = option("ps", N_("Pashto"))
    ARABIC = option("ar", N_("Arabic"))
    KURDISH = option("ku", N_("Kurdish"))
    SWAHILI = option("sw", N_("Swahili"))
    FRENCH = option("fr", N_("French"))
    GERMAN = option("de", N_("German"))
    SPANISH = option("es", N_("Spanish"))
    OTHER = option("other", N_("Another language"))


class Channel(Choice):
    """How a request for help arrived."""

    DOOR = option("door", N_("Our public page"))
    EMAIL = option("email", N_("E-mail"))
    PHONE = option("phone", N_("Telephone"))
    MESSENGER = option("messenger", N_("Messenger"))
    PARTNER = option("partner", N_("Through a partner"))
    IN_PERSON = option("in_person", N_("In person"))
    OTHER = option("other", N_("Another way"))


class RiskLevel(Choice):
    LOW = option("low", N_("Low risk"))
    MEDIUM = option("medium", N_("Medium risk"))
    HIGH = option("high", N_("High risk"))
    EXTREME = option("extreme", N_("Extreme risk"))


class Timeframe(Choice):
    """When it threatens. Unknown stands beside days: it may well be days."""

    WEEKS = option("weeks", N_("Within weeks"))
    UNKNOWN = option("unknown", N_("Not known when"))
    DAYS = option("days", N_("Within days"))
    NOW = option("now", N_("Now"))


class Need(Choice):
    HIDING = option("hiding", N_("A place to hide"))
    DEPARTURE = option("departure", N_("To leave the country"))
    PAPERS = option("papers", N_("Papers"))
    MEDICAL = option("medical", N_("Medical care"))
    PSYCHOLOGICAL = option("psychological", N_("Psychological support"))
    LEGAL = option("legal", N_("Legal help"))
    MONEY = option("money", N_("Money to live on"))
    FAMILY = option("family", N_("Safety of the family"))
    OTHER = option("other", N_("Another need"))


class Eligibility(Choice):
    FITS = option("fits", N_("Fits our mandate"))
    UNCLEAR = option("unclear", N_("Not clear yet"))
    DOES_NOT_FIT = option("does_not_fit", N_("Does not fit our mandate"))


class RequestOutcome(Choice):
    """How a request ended that became no case."""

    NOT_ELIGIBLE = option("not_eligible", N_("Not eligible"))
    REFERRED = option("referred", N_("Referred to another organisation"))
    WITHDREW = option("withdrew", N_("Withdrew the request"))
    LOST_CONTACT = option("lost_contact", N_("Lost contact"))
    NOT_CREDIBLE = option("not_credible", N_("Found not credible"))
    DUPLICATE = option("duplicate", N_("The same as another request"))


class PersonRole(Choice):
    PRINCIPAL = option("principal", N_("Principal applicant"))
    IN_CASE = option("in_case", N_("Person in the case"))


class Relation(Choice):
    """To the principal applicant."""

    PARTNER = option("partner", N_("Partner or spouse"))
    CHILD = option("child", N_("Child"))
    PARENT = option("parent", N_("Parent"))
    SIBLING = option("sibling", N_("Brother or sister"))
    RELATIVE = option("relative", N_("Another relative"))
    FRIEND = option("friend", N_("Friend"))


class Gender(Choice):
    WOMAN = option("woman", N_("Woman"))
    MAN = option("man", N_("Man"))
    NON_BINARY = option("non_binary", N_("Non-binary person"))
    NOT_SAID = option("not_said", N_("Gender not said"))


class LegalStatus(Choice):
    NATIONAL = option("national", N_("Citizen of the country they are in"))
    MIGRANT = option("migrant", N_("Foreigner with leave to stay"))
    ASYLUM_SEEKER = option("asylum_seeker", N_("Asylum-seeker"))
    REFUGEE = option("refugee", N_("Refugee"))
    STATELESS = option("stateless", N_("Stateless person"))
    IDP = option("idp", N_("Internally displaced person"))
    UNDOCUMENTED = option("undocumented", N_("Without leave to stay"))


class Ground(Choice):
    """Why someone is hunted."""

    ORIENTATION = option("orientation", N_("Sexual orientation"))
    GENDER_IDENTITY = option("gender_identity", N_("Gender identity"))
    GENDER_VIOLENCE = option("gender_violence", N_("Gender-based violence"))
    POLITICS = option("politics", N_("Political opinion"))
    RIGHTS_WORK = option("rights_work", N_("Defending human rights"))
    JOURNALISM = option("journalism", N_("Journalism"))
    RELIGION = option("religion", N_("Religion or unbelief"))
    ETHNICITY = option("ethnicity", N_("Ethnicity"))
    DRAFT = option("draft", N_("Refusal to fight"))
    RELATIVE = option("relative", N_("Relative or witness of someone hunted"))
    OTHER = option("other", N_("Another ground"))


class SpecificNeed(Choice):
    CHILD = option("child", N_("Child or adolescent"))
    OLDER = option("older", N_("Older person"))
    DISABILITY = option("disability", N_("Disability"))
    ILLNESS = option("illness", N_("Serious illness"))
    PREGNANCY = option("pregnancy", N_("Pregnancy"))
    TORTURE = option("torture", N_("Survivor of torture"))
    SEXUAL_VIOLENCE = option("sexual_violence", N_("Survivor of sexual violence"))
    MENTAL_HEALTH = option("mental_health", N_("Mental health"))
    SINGLE_PARENT = option("single_parent", N_("Single parent"))


class DocumentType(Choice):
    PASSPORT = option("passport", N_("International passport"))
    NATIONAL_ID = option("national_id", N_("National identity card or internal passport"))
    BIRTH_CERTIFICATE = option("birth_certificate", N_("Birth certificate"))
    MARRIAGE_CERTIFICATE = option("marriage_certificate", N_("Marriage certificate"))
    TRAVEL_DOCUMENT = option("travel_document", N_("Refugee travel document"))
    RESIDENCE = option("residence", N_("Residence permit"))
    VISA = option("visa", N_("Visa"))
    DRIVING_LICENCE = option("driving_licence", N_("Driving licence"))
    MILITARY = option("military", N_("Military record"))
    OTHER = option("other", N_("Another document"))


class DocumentHolder(Choice):
    PERSON = option("person", N_("With the person"))
    OURSELVES = option("ourselves", N_("With us"))
    EMBASSY = option("embassy", N_("At an embassy"))
    FAMILY = option("family", N_("With the family"))
    AUTHORITIES = option("authorities", N_("Taken by the authorities"))
    LOST = option("lost", N_("Lost or destroyed"))


class ContactType(Choice):
    PHONE = option("phone", N_("Telephone number"))
    SIGNAL = option("signal", N_("Signal"))
    WHATSAPP = option("whatsapp", N_("WhatsApp"))
    TELEGRAM = option("telegram", N_("Telegram"))
    EMAIL = option("email", N_("E-mail address"))
    SOCIAL = option("social", N_("Social network"))
    TRUSTED_PERSON = option("trusted_person", N_("Through a trusted person"))
    OTHER = option("other", N_("Another channel"))


class ContactSafety(Choice):
    SAFE = option("safe", N_("Safe to use"))
    WITH_CARE = option("with_care", N_("Only as agreed"))
    UNKNOWN = option("unknown", N_("Not known whether safe"))
    WATCHED = option("watched", N_("Watched: do not use"))


class VerificationType(Choice):
    SCREENING = option("screening", N_("Screening"))
    DOCUMENTS = option("documents", N_("Civil documents"))
    INTERVIEW = option("interview", N_("Interview"))
    REFERENCES = option("references", N_("References"))
    OPEN_SOURCES = option("open_sources", N_("Open sources"))


class VerifiedBy(Choice):
    OURSELVES = option("ourselves", N_("By ourselves"))
    PARTNER = option("partner", N_("By a partner"))
    JOINTLY = option("jointly", N_("Jointly"))


class VerificationResult(Choice):
    CONFIRMS = option("confirms", N_("Confirms what was said"))
    UNCLEAR = option("unclear", N_("Settles nothing"))
    CONTRADICTS = option("contradicts", N_("Contradicts what was said"))


class Judgement(Choice):
    CREDIBLE = option("credible", N_("Credible"))
    CREDIBLE_WITH_GAPS = option("credible_with_gaps", N_("Credible, with gaps"))
    NOT_CREDIBLE = option("not_credible", N_("Not credible"))


class ConcernType(Choice):
    FAMILY = option("family", N_("Family"))
    POLICE = option("police", N_("Police"))
    SECURITY_SERVICE = option("security_service", N_("Security service"))
    ARMED_GROUP = option("armed_group", N_("Armed group"))
    DETENTION = option("detention", N_("Detention"))
    TORTURE = option("torture", N_("Torture"))
    KILLING = option("killing", N_("Threat to life"))
    BLACKMAIL = option("blackmail", N_("Blackmail"))
    EXPOSURE = option("exposure", N_("Exposure"))
    FORCED_MARRIAGE = option("forced_marriage", N_("Forced marriage"))
    CONSCRIPTION = option("conscription", N_("Conscription"))
    DEPORTATION = option("deportation", N_("Return to the danger"))
    HOMELESSNESS = option("homelessness", N_("Homelessness"))
    SELF_HARM = option("self_harm", N_("Self-harm"))
    OTHER = option("other", N_("Another threat"))


class Condition(Choice):
    """How someone is, as they say it themselves."""

    WELL = option("well", N_("Well"))
    STRAINED = option("strained", N_("Strained"))
    IN_DISTRESS = option("in_distress", N_("In distress"))
    IN_DANGER = option("in_danger", N_("In danger"))


class ConsentScope(Choice):
    """What may be shared."""

    CONTACT = option("contact", N_("Contact details"))
    IDENTITY = option("identity", N_("Name and identity documents"))
    STORY = option("story", N_("What happened to them"))
    MEDICAL_FACTS = option("medical_facts", N_("Medical facts"))
    LOCATION = option("location", N_("Where they are"))
    IMAGE = option("image", N_("Photographs and voice"))
    STATISTICS = option("statistics", N_("Figures without names"))


class ConsentForm(Choice):
    WRITTEN = option("written", N_("In writing"))
    SPOKEN = option("spoken", N_("Spoken"))
    MESSAGE = option("message", N_("By message"))


class Pathway(Choice):
    VISA_FREE = option("visa_free", N_("Visa-free entry"))
    VISIT_VISA = option("visit_visa", N_("Visit visa"))
    HUMANITARIAN_VISA = option("humanitarian_visa", N_("Humanitarian visa"))
    ASYLUM_ON_ARRIVAL = option("asylum_on_arrival", N_("Asylum on arrival"))
    RESETTLEMENT = option("resettlement", N_("Resettlement"))
    SPONSORSHIP = option("sponsorship", N_("Complementary pathway: sponsorship"))
    WORK = option("work", N_("Complementary pathway: work"))
    STUDY = option("study", N_("Complementary pathway: study"))
    FAMILY = option("family", N_("Complementary pathway: family"))


class ReturnRisk(Choice):
    """Whether a route could end in a forced return (non-refoulement)."""

    NONE_KNOWN = option("none_known", N_("No forced return known"))
    UNKNOWN = option("unknown", N_("Risk of forced return not known"))
    SOME = option("some", N_("Some risk of forced return"))
    SERIOUS = option("serious", N_("Serious risk of forced return"))


class SubmissionPriority(Choice):
    EMERGENCY = option("emergency", N_("Emergency submission"))
    URGENT = option("urgent", N_("Urgent submission"))
    NORMAL = option("normal", N_("Normal submission"))


class ResettlementCategory(Choice):
    LEGAL_PROTECTION = option("legal_protection", N_("Legal or physical protection needs"))
    SURVIVOR = option("survivor", N_("Survivor of violence or torture"))
    MEDICAL = option("medical", N_("Medical needs"))
    WOMEN_AT_RISK = option("women_at_risk", N_("Women and girls at risk"))
    FAMILY_REUNION = option("family_reunion", N_("Restoring family unity"))
    CHILDREN_AT_RISK = option("children_at_risk", N_("Children and adolescents at risk"))
    NO_ALTERNATIVE = option("no_alternative", N_("No other durable solution in sight"))


class DecisionOutcome(Choice):
    GRANTED = option("granted", N_("Granted"))
    REFUSED = option("refused", N_("Refused"))
    WITHDRAWN = option("withdrawn", N_("Withdrawn"))
    LAPSED = option("lapsed", N_("Lapsed"))


class JourneyPurpose(Choice):
    TO_SAFETY = option("to_safety", N_("To a safer place in the country"))
    ABROAD = option("abroad", N_("To another country"))
    APPOINTMENT = option("appointment", N_("To an appointment and back"))


class TravelMode(Choice):
    AIR = option("air", N_("By air"))
    TRAIN = option("train", N_("By train"))
    BUS = option("bus", N_("By bus"))
    CAR = option("car", N_("By car"))
    SEA = option("sea", N_("By sea"))
    FOOT = option("foot", N_("On foot"))


class LegOutcome(Choice):
    DONE = option("done", N_("Travelled"))
    DENIED_BOARDING = option("denied_boarding", N_("Denied boarding"))
    TURNED_BACK = option("turned_back", N_("Turned back at the border"))
    DETAINED = option("detained", N_("Detained on the way"))
    MISSED = option("missed", N_("Missed"))
    CANCELLED = option("cancelled", N_("Cancelled before departure"))


class DepartureState(Choice):
    WITH_PAPERS = option("with_papers", N_("With papers"))
    WITHOUT_PAPERS = option("without_papers", N_("Without papers"))
    UNKNOWN = option("unknown", N_("Not known whether with papers"))


class Housing(Choice):
    WITH_US = option("with_us", N_("In housing that we pay"))
    OWN = option("own", N_("In housing of their own"))
    STATE = option("state", N_("In state housing or a camp"))
    WITH_OTHERS = option("with_others", N_("With friends or relatives"))
    NONE = option("none", N_("Without housing"))


class Solution(Choice):
    """Durable solution."""

    RETURN = option("return", N_("Return in safety"))
    INTEGRATION = option("integration", N_("Local integration"))
    RESETTLED = option("resettled", N_("Resettled to a third country"))
    NONE_YET = option("none_yet", N_("None yet"))


class ClosureReason(Choice):
    ARRIVED_SAFE = option("arrived_safe", N_("Arrived safe"))
    OWN_MEANS = option("own_means", N_("Left by own means"))
    RETURNED_HOME = option("returned_home", N_("Returned home"))
    WITHDREW = option("withdrew", N_("Withdrew from help"))
    LOST_CONTACT = option("lost_contact", N_("Lost contact"))
    DETAINED = option("detained", N_("Detained or taken"))
    NOT_ELIGIBLE = option("not_eligible", N_("Not eligible"))
    TRANSFERRED = option("transferred", N_("Transferred to another organisation"))
    DIED = option("died", N_("Died"))


class SourceType(Choice):
    PERSON = option("person", N_("Person"))
    ARTICLE = option("article", N_("Press article"))
    ORGANISATION = option("organisation", N_("Report of an organisation"))
    AUTHORITY = option("authority", N_("Public authority"))
    SOCIAL_MEDIA = option("social_media", N_("Post on a social network"))
    RECORDS = option("records", N_("Our own book"))


class SourceGrade(Choice):
    """Admiralty code, of the source."""

    A = option("A", N_("A: completely reliable"))
    B = option("B", N_("B: usually reliable"))
    C = option("C", N_("C: fairly reliable"))
    D = option("D", N_("D: not usually reliable"))
    E = option("E", N_("E: unreliable"))
    F = option("F", N_("F: reliability cannot be judged"))


class InformationGrade(Choice):
    """Admiralty code, of what is said; graded apart from who says it."""

    G1 = option("1", N_("1: confirmed by other sources"))
    G2 = option("2", N_("2: probably true"))
    G3 = option("3", N_("3: possibly true"))
    G4 = option("4", N_("4: doubtful"))
    G5 = option("5", N_("5: improbable"))
    G6 = option("6", N_("6: truth cannot be judged"))


class ClaimSubject(Choice):
    ASKED = option("asked", N_("People who asked for help"))
    SUPPORTED = option("supported", N_("People supported"))
    EVACUATED = option("evacuated", N_("People evacuated"))
    IN_HIDING = option("in_hiding", N_("People in hiding"))
    ABROAD = option("abroad", N_("People abroad"))
    APPLIED = option("applied", N_("Applications filed"))
    GRANTED = option("granted", N_("Applications granted"))
    REFUSED = option("refused", N_("Applications refused"))
    WITHOUT_PAPERS = option("without_papers", N_("People who left without papers"))
    SILENT = option("silent", N_("People who went silent"))
    DETAINED = option("detained", N_("People detained"))
    KILLED = option("killed", N_("People killed"))
    RECEIVED = option("received", N_("Money received"))
    SPENT = option("spent", N_("Money spent"))
    OTHER = option("other", N_("Something else"))


class CitationRelation(Choice):
    SAYS = option("says", N_("Says so itself"))
    QUOTES = option("quotes", N_("Quotes another source"))
    REPEATS = option("repeats", N_("Repeats without checking"))
    CORRECTS = option("corrects", N_("Corrects"))
    DENIES = option("denies", N_("Denies"))


class CampaignOwner(Choice):
    OURS = option("ours", N_("Our own"))
    AGREED = option("agreed", N_("By others, with our agreement"))
    NOT_AGREED = option("not_agreed", N_("By others, in our name without agreement"))


class DonationMethod(Choice):
    TRANSFER = option("transfer", N_("Bank transfer"))
    CARD = option("card", N_("Card"))
    PLATFORM = option("platform", N_("Campaign platform"))
    CASH = option("cash", N_("Cash"))
    CRYPTOCURRENCY = option("cryptocurrency", N_("Cryptocurrency"))
    GRANT = option("grant", N_("Award of a foundation"))


class PlaceType(Choice):
    FLAT = option("flat", N_("Flat"))
    HOUSE = option("house", N_("House"))
    ROOM = option("room", N_("Room with a host"))
    HOTEL = option("hotel", N_("Hotel or hostel"))
    PARTNER = option("partner", N_("Shelter of a partner"))
    OTHER = option("other", N_("Other place"))


class ExpenseCategory(Choice):
    SOCIAL_WORK = option("social_work", N_("Social workers"))
    TRAVEL_INSIDE = option("travel_inside", N_("Travel within the country"))
    DEPARTURE = option("departure", N_("Visas and departure"))
    HOUSING = option("housing", N_("Housing"))
    FOOD = option("food", N_("Food"))
    MEDICAL = option("medical", N_("Medical"))
    ADVOCACY = option("advocacy", N_("Advocacy"))
    SALARIES = option("salaries", N_("Salaries"))
    DOCUMENTS = option("documents", N_("Documents"))
    OTHER = option("other", N_("Other expenses"))


class PartnerService(Choice):
    SHELTER = option("shelter", N_("Shelter"))
    VERIFICATION = option("verification", N_("Verification"))
    SUBMISSION = option("submission", N_("Applications and visas"))
    RECEPTION = option("reception", N_("Reception on arrival"))
    LEGAL = option("legal", N_("Legal help"))
    MEDICAL = option("medical", N_("Medical care"))
    FUNDS = option("funds", N_("Funds"))


class Role(Choice):
    """What a member of staff does; `roles` says what each may do."""

    COORDINATOR = option("coordinator", N_("Coordinator"))
    CASEWORKER = option("caseworker", N_("Caseworker"))
    DOCUMENTER = option("documenter", N_("Documenter"))
    FINANCE = option("finance", N_("Finance officer"))
    SPOKESPERSON = option("spokesperson", N_("Spokesperson"))


class HelperType(Choice):
    """What somebody without a desk does for us."""

    INTERPRETER = option("interpreter", N_("Interpreter"))
    HOST = option("host", N_("Host"))
    DRIVER = option("driver", N_("Driver"))
    ESCORT = option("escort", N_("Escort"))
    MEDICAL = option("medical", N_("Doctor or nurse"))
    LAWYER = option("lawyer", N_("Lawyer"))
    VOLUNTEER = option("volunteer", N_("Volunteer"))


class ToldTo(Choice):
    """Who was told something about a person, from the least to the most exposed."""

    MEMBER = option("member", N_("A member of staff"))
    HELPER = option("helper", N_("A helper"))
    PARTNER = option("partner", N_("A partner organisation"))
    FAMILY = option("family", N_("Family or a friend"))
    AUTHORITY = option("authority", N_("An embassy or an authority"))
    PRESS = option("press", N_("The press"))
    OTHER = option("other", N_("Someone else"))


class ReferralForm(Choice):
    """How a referral leaves."""

    SEALED = option("sealed", N_("Sealed to their card"))
    PASSPHRASE = option("passphrase", N_("A file with a passphrase"))


class ReferralAnswer(Choice):
    """What was answered to a referral."""

    ACCEPTED = option("accepted", N_("Accepted"))
    DECLINED = option("declined", N_("Declined"))
    ASKS = option("asks", N_("A question"))


class ListPage(Choice):
    """A list whose filters can be kept."""

    REQUESTS = option("requests", N_("Requests"))
    CASES = option("cases", N_("Cases"))
