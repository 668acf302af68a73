"""From the first message to a verified person: what is asked, who asks, and how it was checked."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.records.choices import (
    Channel,
    ConsentForm,
    ConsentScope,
    ContactSafety,
    ContactType,
    DocumentHolder,
    DocumentType,
    Eligibility,
    Gender,
    Ground,
    Judgement,
    Language,
    LegalStatus,
    Need,
    PersonRole,
    Relation,
    RequestOutcome,
    RiskLevel,
    SpecificNeed,
    Timeframe,
    VerificationResult,
    VerificationType,
    VerifiedBy,
)
from waystation.records.declare import (
    CASE,
    MASKED,
    choice,
    country,
    day,
    integer,
    kind,
    link,
    links,
    many,
    moment,
    text,
)
from waystation.records.labels import N_
from waystation.records.values import Day, Many, Moment

_WITH_A_PERSON = {FolderType.REQUEST, FolderType.CASE}


@kind("request", folders={FolderType.REQUEST}, owns_folder=True, label=N_("Request for help"))
class Request(TypedDict, total=False):
    """A first contact, unverified. Whether it became a case is the link `accepted_as`."""

    code_name: Annotated[str, text(N_("Code name"), CASE, max_chars=60, required=True)]
    received: Annotated[Moment, moment(N_("Received"), CASE, required=True)]
    channel: Annotated[Channel, choice(Channel, N_("How it arrived"), CASE)]
    language: Annotated[Language, choice(Language, N_("Language"), CASE)]
    referrer: Annotated[str, text(N_("Referred by"), CASE)]
    present_country: Annotated[str, country(N_("Country they are in"), CASE)]
    region: Annotated[str, text(N_("Region of the danger"), CASE)]
    time_zone: Annotated[str, text(N_("Time zone where they are"), CASE, max_chars=60, searchable=False)]
    people: Annotated[int, integer(N_("How many people"), CASE, low=1, high=99)]
    story: Annotated[str, text(N_("What they said"), CASE, max_chars=8000, lines=12)]
    needs: Annotated[Many, many(Need, N_("What they need"), CASE)]
    level: Annotated[RiskLevel, choice(RiskLevel, N_("Risk level"), CASE, danger=True)]
    timeframe: Annotated[Timeframe, choice(Timeframe, N_("When it threatens"), CASE, danger=True)]
    deadline: Annotated[Day, day(N_("Day by which it threatens"), CASE)]
    eligibility: Annotated[Eligibility, choice(Eligibility, N_("Eligibility"), CASE)]
    taken_by: Annotated[bytes, link("member", N_("Taken by"), CASE)]
    accepted_as: Annotated[bytes, link("case", N_("Accepted as the case"), CASE)]
    outcome: Annotated[RequestOutcome, choice(RequestOutcome, N_("How it ended"), CASE)]
    outcome_day: Annotated[Day, day(N_("Ended on"), CASE)]
    outcome_reason: Annotated[str, text(N_("Why it ended"), CASE, max_chars=1000, lines=3)]
    same_as: Annotated[bytes, link("request", N_("Same as the request"), CASE)]


@kind("person", folders=_WITH_A_PERSON, label=N_("Person"))
class Person(TypedDict, total=False):
    given_name: Annotated[str, text(N_("Given name"), MASKED)]
    patronymic: Annotated[str, text(N_("Patronymic"), MASKED)]
    family_name: Annotated[str, text(N_("Family name"), MASKED)]
    other_names: Annotated[str, text(N_("Other names and spellings"), MASKED)]
    role: Annotated[PersonRole, choice(PersonRole, N_("Role in the case"), CASE)]
    relation: Annotated[Relation, choice(Relation, N_("Relation to the principal applicant"), CASE)]
    born: Annotated[Day, day(N_("Born"), CASE)]
    gender: Annotated[Gender, choice(Gender, N_("Gender"), CASE)]
    citizenship: Annotated[str, country(N_("Citizenship"), CASE)]
    legal_status: Annotated[LegalStatus, choice(LegalStatus, N_("Legal status"), CASE)]
    languages: Annotated[Many, many(Language, N_("Languages"), CASE)]
    grounds: Annotated[Many, many(Ground, N_("Why they are hunted"), CASE)]
    specific_needs: Annotated[Many, many(SpecificNeed, N_("Specific needs"), CASE)]
    health: Annotated[str, text(N_("Health and medicines"), CASE, max_chars=2000, lines=4)]
    home: Annotated[str, text(N_("Home address"), MASKED, max_chars=400, lines=2)]
    photo: Annotated[bytes, link("file", N_("Photograph"), MASKED)]


@kind("identity_document", folders=_WITH_A_PERSON, label=N_("Identity document"))
class IdentityDocument(TypedDict, total=False):
    person: Annotated[bytes, link("person", N_("Whose"), CASE, required=True)]
    type: Annotated[DocumentType, choice(DocumentType, N_("Document"), CASE, required=True)]
    number: Annotated[str, text(N_("Document number"), MASKED, max_chars=60)]
    issued_by: Annotated[str, country(N_("Country of issue"), CASE)]
    issued: Annotated[Day, day(N_("Issued"), CASE)]
    expires: Annotated[Day, day(N_("Expires"), CASE)]
    holder: Annotated[DocumentHolder, choice(DocumentHolder, N_("Where it is"), CASE)]
    scan: Annotated[bytes, link("file", N_("Scan"), MASKED)]


@kind("contact_channel", folders=_WITH_A_PERSON, label=N_("Contact channel"))
class ContactChannel(TypedDict, total=False):
    person: Annotated[bytes, link("person", N_("Whose"), CASE)]
    type: Annotated[ContactType, choice(ContactType, N_("Channel"), CASE, required=True)]
    handle: Annotated[str, text(N_("Number or address"), MASKED, required=True)]
    safety: Annotated[ContactSafety, choice(ContactSafety, N_("Is it safe to use"), CASE, danger=True)]
    when_safe: Annotated[str, text(N_("When and how to write"), CASE, max_chars=500, lines=2)]
    ended: Annotated[Day, day(N_("No longer used since"), CASE)]


@kind("verification_step", folders=_WITH_A_PERSON, label=N_("Verification step"))
class VerificationStep(TypedDict, total=False):
    """One check that the person and the danger are real. Referrer, verifier and decision-maker differ."""

    type: Annotated[VerificationType, choice(VerificationType, N_("What was checked"), CASE, required=True)]
    person: Annotated[bytes, link("person", N_("Person"), CASE)]
    verified_by: Annotated[VerifiedBy, choice(VerifiedBy, N_("Who checked"), CASE)]
    verifier: Annotated[bytes, link("member", N_("Verifier"), CASE)]
    partner: Annotated[bytes, link("partner", N_("Partner"), CASE)]
    checked: Annotated[Day, day(N_("Checked on"), CASE, required=True)]
    result: Annotated[VerificationResult, choice(VerificationResult, N_("Result"), CASE, danger=True)]
    findings: Annotated[str, text(N_("Findings"), CASE, max_chars=5000, lines=8)]


@kind("credibility_assessment", folders=_WITH_A_PERSON, label=N_("Credibility assessment"))
class CredibilityAssessment(TypedDict, total=False):
    """The reasoned judgement at the end of verification."""

    judgement: Annotated[Judgement, choice(Judgement, N_("Judgement"), CASE, danger=True, required=True)]
    reasons: Annotated[str, text(N_("Reasons"), CASE, max_chars=5000, lines=8, required=True)]
    judged: Annotated[Day, day(N_("Judged on"), CASE, required=True)]
    judged_by: Annotated[bytes, link("member", N_("Decision-maker"), CASE)]


@kind("consent", folders=_WITH_A_PERSON, label=N_("Informed consent"))
class Consent(TypedDict, total=False):
    person: Annotated[bytes, link("person", N_("Who consents"), CASE, required=True)]
    scope: Annotated[Many, many(ConsentScope, N_("What may be shared"), CASE)]
    except_for: Annotated[str, text(N_("What must not be shared"), CASE, max_chars=1000, lines=3)]
    partners: Annotated[Many, links("partner", N_("With which partners"), CASE)]
    with_others: Annotated[str, text(N_("With whom else"), CASE, max_chars=500)]
    purpose: Annotated[str, text(N_("For what"), CASE, max_chars=500, lines=2)]
    form: Annotated[ConsentForm, choice(ConsentForm, N_("How it was given"), CASE)]
    given: Annotated[Day, day(N_("Given"), CASE, required=True)]
    valid_until: Annotated[Day, day(N_("Valid until"), CASE)]
    withdrawn: Annotated[Day, day(N_("Withdrawn on"), CASE)]
    taken_by: Annotated[bytes, link("member", N_("Taken by"), CASE)]


@kind("conversation", folders=_WITH_A_PERSON, label=N_("Conversation"))
class Conversation(TypedDict, total=False):
    """Messages as they were written: a chat thread or a letter. Who wrote stands beside each line as them or us."""

    channel: Annotated[ContactType, choice(ContactType, N_("Channel"), CASE, required=True)]
    person: Annotated[bytes, link("person", N_("With whom"), CASE)]
    wrote_as: Annotated[str, text(N_("How they sign there"), MASKED, max_chars=400)]
    subject: Annotated[str, text(N_("Subject"), CASE, max_chars=300)]
    began: Annotated[Moment, moment(N_("First message"), CASE)]
    ended: Annotated[Moment, moment(N_("Last message"), CASE)]
    messages: Annotated[int, integer(N_("Number of messages"), CASE, low=1)]
    body: Annotated[str, text(N_("Messages"), CASE, max_chars=12_000, lines=12, required=True)]
    original: Annotated[bytes, link("file", N_("As it came"), CASE)]
    noted: Annotated[Moment, moment(N_("Taken into the book"), CASE, required=True)]
    noted_by: Annotated[bytes, link("member", N_("Taken in by"), CASE)]
